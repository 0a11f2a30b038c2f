"""The world that is kept up to date equals the one that is made from everything, after any history."""

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane.snapshot import POLICIES, Snapshot
from helpers.policies import World

from .network import policy

NAMES = ("one", "two", "three")
SPACES = ("default", "other")
Steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["pod", "label", "address", "end", "delete", "policy", "unpolicy", "namespace", "look", "noise"]
        ),
        st.sampled_from(SPACES),
        st.sampled_from(NAMES),
        st.sampled_from(["a", "b"]),
    ),
    max_size=25,
)


def apply(store: Store, step: tuple[str, str, str, str]) -> None:
    what, space, name, label = step
    pod = store.get("pods", space, name)
    if what == "pod" and pod is None:
        store.create(
            "pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "spec": {"containers": [{"name": "c"}]},
                "metadata": {"name": name, "namespace": space, "labels": {"app": label}},
            },
        )
    elif what == "namespace":
        held = store.get("namespaces", None, space)
        assert held
        labels = {"kubernetes.io/metadata.name": space, "team": label}
        store.update("namespaces", {**held, "metadata": {**held["metadata"], "labels": labels}})
    elif what == "policy" and store.get(POLICIES, "default", name) is None:
        peer = {"podSelector": {"matchLabels": {"app": label}}, "namespaceSelector": {"matchLabels": {"team": label}}}
        store.create(POLICIES, policy(name, label, ingress=[{"from": [peer]}]))
    elif what == "unpolicy":
        store.delete(POLICIES, "default", name)
    elif pod is not None:
        change(store, what, pod, label)


def change(store: Store, what: str, pod: dict[str, Any], label: str) -> None:
    metadata, status = pod["metadata"], pod.get("status") or {}
    place = (metadata["namespace"], metadata["name"])
    if what == "label":
        store.update("pods", {**pod, "metadata": {**metadata, "labels": {"app": label}}})
    elif what == "address":
        store.update_status("pods", *place, {**status, "podIP": f"10.244.0.{ord(label)}"})
    elif what == "end":
        store.update_status("pods", *place, {**status, "phase": "Succeeded" if label == "a" else "Running"})
    elif what == "noise":
        store.update_status("pods", *place, {**status, "message": label})
    elif what == "delete":
        store.delete("pods", *place)


def verdicts(world: World) -> dict[tuple[str, str], tuple[bool, tuple[str, ...]]]:
    found = {}
    for source, target in itertools.product(sorted(world.pods, key=lambda pod: pod.key), repeat=2):
        verdict = world.judge(source, target, 80)
        found[source.key, target.key] = (verdict.allowed, tuple(sorted(verdict.policies)))
    return found


@given(Steps)
@settings(max_examples=150, deadline=None)
def test_incremental_equals_anew(steps: list[tuple[str, str, str, str]]) -> None:
    store = Store()
    for space in SPACES:
        store.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    changes: list[bool] = []
    snapshot = Snapshot(store, lambda: changes.append(True))
    store.subscribe(snapshot.notice)
    for step in [*steps, ("look", "", "", "")]:
        if step[0] == "look":
            anew = World.of([item for key in ("namespaces", "pods", POLICIES) for item in store.list(key)])
            assert verdicts(snapshot.world) == verdicts(anew)
            assert {pod.key: pod.addresses for pod in snapshot.world.pods} == {p.key: p.addresses for p in anew.pods}
            continue
        before = len(changes)
        apply(store, step)
        if step[0] == "noise":
            assert len(changes) == before, "a status that policies don't see is no reason to judge again"
