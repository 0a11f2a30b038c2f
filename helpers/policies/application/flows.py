"""Arrows seen in a flow log: objects with source, target, port, protocol, verdict, attempts, dns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.policies.application.arrows import Arrow, Evidence, Found
from helpers.policies.model.addresses import OUTSIDE, is_address
from helpers.policies.model.naming import lasting_labels
from helpers.policies.model.ports import LAST_PORT, PROTOCOLS
from helpers.policies.world import World

_PORTS = range(1, LAST_PORT + 1)


def observed(world: World, flows: Iterable[Mapping[str, Any]], into: Found, verdicts: Iterable[str]) -> None:
    """Add the arrows that a flow log shows with one of the verdicts; questions to DNS are left out."""
    wanted, ends = frozenset(verdicts), _Ends(world)
    counts: dict[Arrow, int] = {}
    for flow in flows:
        if not isinstance(flow, Mapping) or flow.get("dns") or str(flow.get("verdict")) not in wanted:
            continue
        port = flow.get("port")
        source, target = ends.source(flow), ends.end(flow.get("target"))
        protocol = str(flow.get("protocol") or "TCP")
        if not source or not target or type(port) is not int or port not in _PORTS or protocol not in PROTOCOLS:
            into.note(
                f"The flow from {_told(flow.get('source'))} to {_told(flow.get('target'))} was left out: one of "
                "its ends is not among the pods, or its port is none."
            )
            continue
        if source == target and not world.workloads[source].several:
            continue
        attempts = flow.get("attempts")
        arrow = Arrow(source, target, port, protocol)
        counts[arrow] = counts.get(arrow, 0) + (attempts if isinstance(attempts, int) else 1)
    for arrow, count in counts.items():
        into.add(arrow, Evidence("1 flow" if count == 1 else f"{count} flows", kind="flow"))


def _told(end: Any) -> str:
    if not isinstance(end, Mapping):
        return "an unknown end"
    return f"{end.get('namespace')}/{end.get('name')}" if end.get("name") else str(end.get("address"))


class _Ends:
    """Finds the workload of a flow's end: by the pod's name, or by its labels when the pod was replaced since."""

    def __init__(self, world: World) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._labels: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
        for pod in world.pods:
            self._names[pod.namespace, pod.name] = pod.workload_key
            labels = frozenset(lasting_labels(pod.labels).items())
            if labels:
                self._labels.setdefault((pod.namespace, labels), pod.workload_key)
        self._public = {service.key for service in world.services if service.kind in ("LoadBalancer", "NodePort")}

    def source(self, flow: Mapping[str, Any]) -> str:
        """A source outside counts as anyone when the Service is open to anyone, else as its one address."""
        end, target = flow.get("source"), flow.get("target")
        outside = isinstance(end, Mapping) and end.get("kind") == "External"
        if outside and isinstance(target, Mapping) and target.get("service") in self._public:
            return OUTSIDE
        return self.end(end)

    def end(self, end: Any) -> str:
        """`ns/name[Kind]`, an outside address, or nothing when the end isn't known."""
        if not isinstance(end, Mapping):
            return ""
        if end.get("kind") == "External":
            address = end.get("address")
            return address if isinstance(address, str) and is_address(address) else ""
        namespace, labels = str(end.get("namespace")), end.get("labels")
        found = self._names.get((namespace, str(end.get("name"))), "")
        if not found and isinstance(labels, Mapping) and all(isinstance(value, str) for value in labels.values()):
            found = self._labels.get((namespace, frozenset(lasting_labels(labels).items())), "")
        return found
