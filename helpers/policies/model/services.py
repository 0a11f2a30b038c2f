"""Services, and the way from a Service's port to the pod's port, which is the one that policies judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from helpers.policies.model.pods import Pod
from helpers.policies.model.selectors import Selector


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A Service's port: clients dial `number`, pods get `target` (a number, or a name that each pod resolves).

    `node_port` is what is dialled on a node's address; 0 if none was given.
    """

    name: str
    number: int
    target: int | str
    protocol: str
    node_port: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A Service with its selector (None when it has none) and its own addresses."""

    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    addresses: tuple[str, ...] = ()
    kind: str = "ClusterIP"
    keeps_source: bool = False
    """Whether clients' addresses stay (`externalTrafficPolicy: Local`)."""
    headless: bool = False
    """Whether its name leads to the pods themselves, so that their port is dialled as it is."""
    external_name: str = ""
    """The host for which an ExternalName is another name."""

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def selects(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and self.selector is not None and self.selector.matches(pod.labels)


class Route(NamedTuple):
    """A Service's port as one pod serves it."""

    service: Service
    entry: ServicePort
    pod: Pod
    port: int


def pod_port(entry: ServicePort, pod: Pod) -> int | None:
    """The pod's own port behind a Service's port; None when the pod has no port of that name."""
    if isinstance(entry.target, int):
        return entry.target
    for port in pod.ports:
        if port.name == entry.target and port.protocol == entry.protocol:
            return port.number
    return None


def routes(services: Iterable[Service], pod: Pod) -> Iterator[Route]:
    """Every Service port that leads to this pod."""
    for service in services:
        if service.selects(pod):
            for entry in service.ports:
                port = pod_port(entry, pod)
                if port is not None:
                    yield Route(service, entry, pod, port)


def served(pod: Pod, services: Iterable[Service]) -> set[tuple[str, int]]:
    """The (protocol, port) pairs that a pod declares or that a Service sends to it."""
    declared = {(port.protocol, port.number) for port in pod.ports}
    return declared | {(route.entry.protocol, route.port) for route in routes(services, pod)}


def names_meant(host: str, namespace: str) -> list[tuple[str, str]]:
    """The (namespace, Service) that a host name may mean to a pod of `namespace`, by its search list."""
    labels = host.removesuffix(".").split(".")
    if len(labels) == 1:
        return [(namespace, host)]
    if labels[2:] in ([], ["svc"], ["svc", "cluster", "local"]):
        return [(labels[1], labels[0])]
    return []
