"""Anything may be killed at any moment: what the API accepted is kept, and the shop comes back."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster, cluster
from support.recovery import DEPLOYMENTS, assert_nothing_left, kinds, page, pids, recovered, until
from support.writer import POLICIES, Api, Writer, kept

DENY_EMAIL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "standing"},
    "spec": {"podSelector": {"matchLabels": {"app": "emailservice"}}, "ingress": []},
}
LONG_ROUNDS = 200
HISTORY = 40.0  # MB that the last 5,000 events take, for watches that begin at an earlier version


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    with cluster(prefix="lab-faults-") as own:
        Api(own.home / "kubeconfig").request("POST", POLICIES, DENY_EMAIL)
        yield own


class Round:
    """One kill, or two, while the cluster is busy; then what must be true."""

    def __init__(self, own: Cluster, random_source: random.Random, label: str) -> None:
        self._own = own
        self._random = random_source
        self._label = label
        self._api = Api(own.home / "kubeconfig")
        self.note = label

    def play(self) -> float:
        """Returns the seconds until everything was right again."""
        named = kinds(pids(self._own))
        victims = self._random.sample(sorted(named), self._random.choice((1, 1, 2)))
        busy = self._random.choice((self._nothing, self._roll, self._scale, self._delete))
        self.note = f"{self._label}, {busy.__name__.strip('_')}, killed {' and '.join(victims)}"
        with Writer(self._own.home / "kubeconfig", f"round-{self._label}") as writer:
            self._sleep(0.2)
            with contextlib.suppress(OSError, http.client.HTTPException):
                busy()
            for victim in victims:
                self._sleep(0.1)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._random.choice(named[victim]), signal.SIGKILL)
            self._sleep(0.2)
        begun = time.monotonic()
        if "node" in victims:
            self._own.up("--empty")
        self._api = Api(self._own.home / "kubeconfig")
        recovered(self._own)
        seconds = time.monotonic() - begun
        self._check(writer)
        return seconds

    def _sleep(self, longest: float) -> None:
        time.sleep(self._random.uniform(0.0, longest))

    def _nothing(self) -> None:
        pass

    def _deployment(self) -> str:
        found = [item["metadata"] for item in self._api.items(DEPLOYMENTS)]
        chosen = self._random.choice(found)
        return f"/apis/apps/v1/namespaces/{chosen['namespace']}/deployments/{chosen['name']}"

    def _roll(self) -> None:
        annotations = {"kubectl.kubernetes.io/restartedAt": self._label}
        self._api.merge(self._deployment(), {"spec": {"template": {"metadata": {"annotations": annotations}}}})

    def _scale(self) -> None:
        path = self._deployment()
        for count in (self._random.randint(0, 3), 1):
            self._api.merge(path, {"spec": {"replicas": count}})
            self._sleep(0.1)

    def _delete(self) -> None:
        self._api.request("DELETE", "/api/v1/namespaces/default/pods")

    def _check(self, writer: Writer) -> None:
        held = kept(self._own.home / "kubeconfig")
        lost = {name for name, revision in writer.accepted.items() if held.get(name) != revision}
        assert not lost, f"accepted and lost: {sorted(lost)}"
        invented = {name for name in held if name.startswith(f"round-{self._label}-")} - (
            set(writer.accepted) | writer.doubtful
        )
        assert not invented, f"never sent: {sorted(invented)}"
        for deployment in self._api.items(DEPLOYMENTS):  # a scale that was cut short
            if deployment["spec"]["replicas"] != 1:
                metadata = deployment["metadata"]
                self._api.merge(
                    f"/apis/apps/v1/namespaces/{metadata['namespace']}/deployments/{metadata['name']}",
                    {"spec": {"replicas": 1}},
                )
        recovered(self._own)
        status, text = page(self._own)
        assert status == 200, text
        assert reach(self._own, "emailservice", "300ms") == "TIMEOUT", "the standing policy is not enforced"
        assert reach(self._own, "shippingservice", "5s") == ""
        self._api.request("DELETE", f"{POLICIES}?fieldSelector=metadata.name!=standing")


def reach(own: Cluster, service: str, timeout: str) -> str:
    """What a pod's attempt to connect to a Service says; empty if it got through. By address: no name is looked up."""
    spec = Api(own.home / "kubeconfig").request("GET", f"/api/v1/namespaces/default/services/{service}")["spec"]
    target = f"{spec['clusterIP']}:{spec['ports'][0]['port']}"
    done = own.try_kubectl("exec", "deploy/adservice", "--", "/agnhost", "connect", target, f"--timeout={timeout}")
    return done.stderr.partition("\n")[0]


def play_rounds(lab: Cluster, count: int) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.randrange(2**32)))
    random_source = random.Random(seed)
    took = []
    for number in range(count):
        one = Round(lab, random_source, str(number))
        try:
            took.append(one.play())
        except BaseException as error:
            error.add_note(f"FAULT_SEED={seed}, round {one.note}")
            raise
    print(f"{count} rounds; right again after {statistics.median(took):.2f} s (median), {max(took):.2f} s (longest)")


@pytest.mark.timeout(300)
def test_random_kills_lose_nothing_that_was_accepted(lab: Cluster) -> None:
    play_rounds(lab, int(os.environ.get("FAULT_ROUNDS", "10")))


@pytest.mark.long
@pytest.mark.timeout(90 * 60)
def test_many_random_kills(lab: Cluster) -> None:
    play_rounds(lab, int(os.environ.get("FAULT_ROUNDS", str(LONG_ROUNDS))))


@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.timeout(900)
def test_the_node_keeps_nothing_of_what_was_killed(lab: Cluster, times: int) -> None:
    """Neither open files nor memory, however often the fork server dies with all pods, and its shadow."""
    lab.up()
    before = files_and_memory(lab)
    for _ in range(times):
        for kind in ("zygote", "watcher"):
            os.kill(kinds(pids(lab))[kind][0], signal.SIGKILL)
            recovered(lab)
    files, memory = files_and_memory(lab)
    print(f"{times} times: {before[0]} files, {before[1]:.1f} MB before; {files} files, {memory:.1f} MB after")
    assert files <= before[0] + 10, "connections among the pods come and go"
    assert memory < before[1] + HISTORY


def files_and_memory(own: Cluster) -> tuple[int, float]:
    """Open files of the node, and its own memory in MB."""
    process = Path(f"/proc/{pids(own)['node']}")
    rollup = (process / "smaps_rollup").read_text()
    kilobytes = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))
    return len(list((process / "fd").iterdir())), kilobytes / 1024


def test_nothing_is_left_after_down() -> None:
    with cluster("--empty", prefix="lab-left-") as own:
        assert own.processes()
        own.down()
        assert_nothing_left(own, seconds=0.5)


def test_a_killed_node_takes_its_pods_along(lab: Cluster) -> None:
    os.kill(pids(lab)["node"], signal.SIGKILL)
    until(lambda: not lab.processes(), 5, lab.processes)
    lab.up()


@pytest.mark.long
@pytest.mark.parametrize("frozen", ["node", "zygote"])
def test_down_ends_what_hangs(lab: Cluster, frozen: str) -> None:
    """A process that answers to nothing any more, as a stopped one doesn't."""
    os.kill(pids(lab)[frozen], signal.SIGSTOP)
    begun = time.monotonic()
    lab.down()
    assert time.monotonic() - begun < 12
    assert_nothing_left(lab)
    lab.up()
    recovered(lab)
