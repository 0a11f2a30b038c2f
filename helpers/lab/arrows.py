"""Who calls whom, read from the live Deployments: each `…_ADDR` variable of a container names a Service and a port."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from helpers.policies.wording import short

Object = Mapping[str, Any]

OUTSIDE = "outside"
"""The name of the outside world where a workload's name would stand."""

EXPOSED = frozenset({"LoadBalancer", "NodePort"})


@dataclass(frozen=True)
class Arrow:
    """One call that the application needs: from a workload to a Service's port, and on to the pods' port.

    `source` and `target` are `namespace/workload`; `source` is `OUTSIDE` for the outside world.
    `port` is the pod's, which policies count by; `service_port` is the one that callers dial.
    """

    source: str
    target: str
    service: str
    service_port: int
    port: int
    protocol: str = "TCP"
    variable: str = ""

    def __str__(self) -> str:
        ends = f"{short(self.source)} → {short(self.target)}"
        through = "" if self.port == self.service_port else f" (Service port {self.service_port})"
        return f"{ends} {self.protocol} {self.port}{through}"


def arrows_of(objects: Iterable[Object]) -> tuple[Arrow, ...]:
    """The arrows that Deployments and Services (as dictionaries) tell of, without repetition, in a fixed order.

    A variable that names a Service which does not exist tells of nothing.
    """
    items = list(objects)
    workloads = [item for item in items if item.get("kind") in ("Deployment", "StatefulSet", "DaemonSet")]
    services = {_key(item): Behind(item, _behind(item, workloads)) for item in items if item.get("kind") == "Service"}
    found = [arrow for item in workloads for arrow in _calls(item, services)]
    found += [arrow for behind in services.values() for arrow in _entrances(behind)]
    unique = {(arrow.source, arrow.target, arrow.port, arrow.protocol): arrow for arrow in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda arrow: (arrow.source, arrow.target, arrow.port)))


class Behind(NamedTuple):
    """A Service and the workloads whose pods it selects."""

    service: Object
    workloads: list[Object]


def _behind(service: Object, workloads: Iterable[Object]) -> list[Object]:
    namespace, selector = _namespace(service), (service.get("spec") or {}).get("selector")
    return [item for item in workloads if _namespace(item) == namespace and _selects(selector, item)]


def _calls(workload: Object, services: Mapping[str, Behind]) -> Iterator[Arrow]:
    namespace = _namespace(workload)
    for variable, value in _addresses(workload):
        host, _, number = value.rpartition(":")
        parts = host.split(".")
        key = f"{parts[1] if len(parts) > 1 else namespace}/{parts[0]}"
        if key in services and number.isdigit():
            yield from _through(_key(workload), services[key], int(number), variable)


def _entrances(behind: Behind) -> Iterator[Arrow]:
    """The outside world's arrows: Services that the cluster shows to it."""
    spec = behind.service.get("spec") or {}
    if spec.get("type") in EXPOSED:
        for port in spec.get("ports") or []:
            yield from _through(OUTSIDE, behind, int(port["port"]), "")


def _through(source: str, behind: Behind, number: int, variable: str) -> Iterator[Arrow]:
    """Follow a Service's port to the port of the pods behind it."""
    ports = (behind.service.get("spec") or {}).get("ports") or []
    port = next((entry for entry in ports if entry.get("port") == number), None)
    if port is None:
        return
    for workload in behind.workloads:
        target = _pod_port(port.get("targetPort", number), workload)
        if target:
            yield Arrow(source, _key(workload), _key(behind.service), number, target, port.get("protocol", "TCP"),
                        variable)


def _addresses(workload: Object) -> Iterator[tuple[str, str]]:
    for container in _pod_spec(workload).get("containers") or []:
        for entry in container.get("env") or []:
            if entry.get("name", "").endswith("_ADDR") and isinstance(entry.get("value"), str):
                yield entry["name"], entry["value"].removeprefix("http://").removeprefix("grpc://").rstrip("/")


def _pod_port(target: int | str, workload: Object) -> int | None:
    """A target port as a number: a name is looked up in the workload's containers."""
    if isinstance(target, int) or str(target).isdigit():
        return int(target)
    for container in _pod_spec(workload).get("containers") or []:
        for port in container.get("ports") or []:
            if port.get("name") == target:
                return int(port["containerPort"])
    return None


def _selects(selector: Mapping[str, str] | None, workload: Object) -> bool:
    labels = (((workload.get("spec") or {}).get("template") or {}).get("metadata") or {}).get("labels") or {}
    return bool(selector) and (selector or {}).items() <= labels.items()


def _pod_spec(workload: Object) -> Mapping[str, Any]:
    return ((workload.get("spec") or {}).get("template") or {}).get("spec") or {}


def _namespace(item: Object) -> str:
    return str(item["metadata"].get("namespace") or "default")


def _key(item: Object) -> str:
    return f"{_namespace(item)}/{item['metadata']['name']}"
