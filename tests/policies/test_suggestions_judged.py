"""Suggestions on random applications are judged again, connection by connection: what is needed may pass, what nobody
needs may not, and what nothing was found of is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from helpers.policies import Suggestion, World, suggest, validate
from helpers.policies.model import Workload

from .build import Object, namespace, pod

NAMES = ("one", "two", "three", "four")
SPACES = ("x", "y")
PORTS = (("TCP", 80), ("UDP", 80), ("TCP", 9090), ("UDP", 53))
DNS = [namespace("kube-system"), pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip="10.244.9.9")]
NODE, OUTSIDE = "172.20.0.2", "198.51.100.1"
Call = tuple[str, str, str, int]
"""(source, target, protocol, the pod's port); an end is a name, or "outside", "node", "controller"."""


@dataclass(frozen=True)
class Application:
    """Objects, and the calls that they declare."""

    objects: list[Object]
    calls: frozenset[Call]
    live: bool


def _workload(name: str, space: str, count: int, env: dict[str, str], live: bool, number: int) -> list[Object]:
    ports = [
        {"name": f"p{at}", "containerPort": port, "protocol": protocol} for at, (protocol, port) in enumerate(PORTS)
    ]
    variables = [{"name": key, "value": value} for key, value in env.items()]
    spec = {"containers": [{"name": "c", "ports": ports, "env": variables}]}
    labels = {"app": name, "tier": "all"}
    kind = "StatefulSet" if count > 1 else "Deployment"
    owner = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": space},
        "spec": {"replicas": count, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }
    members = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": spec,
            "metadata": {
                "name": f"{name}-{at}",
                "namespace": space,
                "labels": {**labels, "pod-template-hash": str(at)},
                "ownerReferences": [{"kind": kind, "name": name, "controller": True}],
            },
            "status": {"phase": "Running", "podIP": f"10.244.{number}.{at + 1}", "hostIP": NODE},
        }
        for at in range(count)
    ]
    return [owner, *(members if live else ())]


def _service(name: str, space: str, kind: str) -> Object:
    """Ports are dialled one higher than the pods', by their names; a headless one's as they are."""
    headless = kind == "headless"
    entries = [
        {"name": f"s{at}", "port": port + (not headless), "targetPort": f"p{at}", "protocol": protocol}
        for at, (protocol, port) in enumerate(PORTS)
    ]
    spec = {"selector": {"app": name}, "ports": entries, "type": "ClusterIP" if headless else kind}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": space},
        "spec": spec | ({"clusterIP": "None"} if headless else {}),
    }


@st.composite
def applications(draw: st.DrawFn) -> Application:
    live = draw(st.booleans())
    where = {name: draw(st.sampled_from(SPACES)) for name in NAMES}
    counts = {name: draw(st.sampled_from((1, 1, 2, 3))) for name in NAMES}
    kinds = {
        name: draw(st.sampled_from(("ClusterIP", "ClusterIP", "headless", "LoadBalancer", "NodePort")))
        for name in NAMES
    }
    calls: set[Call] = set()
    env: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    for source in NAMES:
        for target, (protocol, port) in draw(
            st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(PORTS)), max_size=2)
        ):
            host = f"{target}.{where[target]}.svc.cluster.local"
            if kinds[target] == "headless" and counts[target] > 1:
                host = f"{target}-0.{host}"
            dialled = port + (kinds[target] != "headless")
            env[source][f"V{len(env[source])}"] = f"{protocol.lower()}://{host}:{dialled}"
            if source != target or counts[source] > 1:
                calls.add((source, target, protocol, port))
    for name in NAMES:
        if kinds[name] in ("LoadBalancer", "NodePort"):
            calls |= {(end, name, protocol, port) for protocol, port in PORTS for end in ("outside", "node")}
    objects = [namespace(space) for space in SPACES]
    for number, name in enumerate(NAMES):
        objects += [
            *_workload(name, where[name], counts[name], env[name], live, number),
            _service(name, where[name], kinds[name]),
        ]
    if draw(st.booleans()):
        backend = draw(st.sampled_from(NAMES))
        dialled = 80 + (kinds[backend] != "headless")
        objects.append(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "i", "namespace": where[backend]},
                "spec": {"defaultBackend": {"service": {"name": backend, "port": {"number": dialled}}}},
            }
        )
        calls |= {(end, backend, "TCP", 80) for end in ("outside", "node", "controller")}
    return Application([*objects, *DNS], frozenset(calls), live)


def _ends(one: Workload, other: Workload) -> tuple[Any, Any]:
    return one.two() if one is other else (one.pods[0], other.pods[0])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    applications(),
    st.sampled_from(("arrow", "workload")),
    st.sampled_from(((True, True), (True, False), (False, True))),
    st.booleans(),
)
def test_what_is_needed_passes_and_nothing_else(
    application: Application, style: str, directions: tuple[bool, bool], deny_unknown: bool
) -> None:
    ingress, egress = directions
    found = suggest(application.objects, style=style, ingress=ingress, egress=egress, deny_unknown=deny_unknown)
    assert found.proof.exact, found.proof
    assert all(validate(item) == [] for item in found.policies)
    after = World.of([*application.objects, *found.policies])
    named = {one.name: one for one in after.workloads.values() if one.namespace in SPACES}
    busy = {end for call in application.calls for end in call[:2]} | (set(NAMES) if deny_unknown else set())
    event(f"{len(application.calls)} calls")
    _between_workloads(after, application, named, busy, ingress, egress)
    _from_outside(after, application, named, busy if ingress else set())
    if found.policies and egress:
        server = after.workloads["kube-system/coredns-1[Pod]"].pods[0]
        assert all(
            after.judge(named[name].pods[0], server, 53, protocol) for name in NAMES for protocol in ("UDP", "TCP")
        )
        assert not any(after.judge(named[name].pods[0], OUTSIDE, 443) for name in busy & set(NAMES))
    assert {key.partition("/")[2].partition("[")[0] for key in found.left_out} == set(NAMES) - busy


def _between_workloads(
    after: World, application: Application, named: dict[str, Workload], busy: set[str], ingress: bool, egress: bool
) -> None:
    for source in NAMES:
        for target in NAMES:
            if source == target and not named[source].several:
                continue
            one, other = _ends(named[source], named[target])
            for protocol, port in (*PORTS, ("TCP", 81), ("SCTP", 80)):
                held = (ingress and target in busy) or (egress and source in busy)
                needed = (source, target, protocol, port) in application.calls
                allowed = bool(after.judge(one, other, port, protocol))
                assert allowed is (needed or not held), (source, target, protocol, port)


def _from_outside(after: World, application: Application, named: dict[str, Workload], held: set[str]) -> None:
    """Callers from outside, from another node, and from a pod of another namespace, which may be the controller."""
    matrix = after.matrix()
    for target in NAMES:
        member = named[target].pods[0]
        for protocol, port in (*PORTS, ("TCP", 81)):
            for end, address in (("outside", OUTSIDE), ("node", "172.20.0.3")):
                needed = (end, target, protocol, port) in application.calls
                assert bool(after.judge(address, member, port, protocol)) is (needed or target not in held), (
                    end,
                    target,
                )
            needed = ("controller", target, protocol, port) in application.calls
            assert matrix.admits_stranger(member, port, protocol) is (needed or target not in held), target


def test_a_second_suggestion_is_the_same() -> None:
    objects = [*_workload("one", "x", 2, {"A": "one:80"}, True, 1), _service("one", "x", "headless"), *DNS]
    first: Suggestion = suggest(objects)
    assert first.policies and suggest([*objects, *first.policies]).policies == first.policies
    assert suggest([*objects, *first.policies]).proof.unproven == first.proof.unproven
