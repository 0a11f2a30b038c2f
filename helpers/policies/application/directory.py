"""Where a host name leads inside the cluster: to Services, and to single pods behind headless ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from helpers.policies.model import Pod, Service, ServicePort
from helpers.policies.model.addresses import is_address
from helpers.policies.model.services import pod_port
from helpers.policies.world import World


class Meant(NamedTuple):
    """What a name means: a Service, or one of the pods behind it (`member`, as in `db-0`)."""

    service: Service
    member: str = ""


class Door(NamedTuple):
    """A workload's port behind a Service, and the port that callers dial."""

    pod: Pod
    port: int
    protocol: str
    dialled: int


@dataclass(frozen=True)
class Name:
    """A host name taken apart: the Services and members that it may mean, likely ones first.

    `inside` is whether only the cluster's DNS can know it.
    """

    meanings: tuple[tuple[str, str, str], ...]
    """(namespace, Service, member)."""
    inside: bool

    @classmethod
    def of(cls, host: str, namespace: str) -> Name:
        labels = host.lower().rstrip(".").split(".")
        end = next((number for number, label in enumerate(labels) if label == "svc" and number in (2, 3)), None)
        if end is not None:
            member, service, space = ["", *labels[:end]][-3:]
            return cls(((space, service, member),), True)
        if len(labels) == 1:
            return cls(((namespace, labels[0], ""),), True)
        if len(labels) == 2:
            return cls(((labels[1], labels[0], ""), (namespace, labels[1], labels[0])), False)
        return cls(((labels[2], labels[1], labels[0]),) if len(labels) == 3 else (), False)


class Directory:
    """The Services of a world, by name and by address, and the workloads behind each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._services = {(service.namespace, service.name): service for service in world.services}
        self._addresses = {address: service for service in world.services for address in service.addresses}
        self._pods = {address: pod for pod in reversed(world.pods) if not pod.host_network for address in pod.addresses}
        self._units: dict[str, list[Pod]] = {}
        for pod in {pod.workload_key: pod for pod in reversed(world.pods)}.values():
            self._units.setdefault(pod.namespace, []).append(pod)
        self._behind: dict[str, list[Pod]] = {}

    def units(self) -> Iterator[Pod]:
        """One pod of each workload."""
        for pods in self._units.values():
            yield from pods

    def names(self, namespace: str) -> list[str]:
        return [name for space, name in self._services if space == namespace]

    def service(self, namespace: str, name: str) -> Service | None:
        return self._services.get((namespace, name))

    def behind(self, service: Service) -> Sequence[Pod]:
        """One pod of each workload that a Service selects."""
        found = self._behind.get(service.key)
        if found is None:
            found = self._behind[service.key] = [
                pod for pod in self._units.get(service.namespace, ()) if service.selects(pod)
            ]
        return found

    def meant(self, host: str, namespace: str) -> Meant | Pod | None:
        """What a host means to a pod of `namespace`: a Service, a pod by its address, or nothing that is known."""
        if is_address(host):
            service = self._addresses.get(host)
            return Meant(service) if service else self._pods.get(host)
        for space, name, member in Name.of(host, namespace).meanings:
            found = self.service(space, name)
            if found is not None:
                return Meant(found, member)
        return None

    def knows(self, host: str, namespace: str) -> bool:
        """Whether a name that means nothing here can only be the cluster's."""
        name = Name.of(host, namespace)
        spaces = {space for space, _, _ in name.meanings[:1]}
        return name.inside or bool(spaces & self._world.namespaces.keys())

    def doors(self, meant: Meant, port: int | None, protocol: str) -> list[Door]:
        """What a call to a name reaches; with neither port nor protocol, all that the Service has."""
        service, pods = meant.service, self._members(meant)
        if (service.headless or meant.member) and port is not None:
            return [Door(pod, port, one, port) for pod in pods for one in _protocols(service, pod, port, protocol)]
        return [
            Door(pod, number, entry.protocol, entry.number)
            for pod in pods
            for entry in service.ports
            if port in (None, entry.number)
            and protocol in ("", entry.protocol)
            and (number := pod_port(entry, pod)) is not None
        ]

    def _members(self, meant: Meant) -> Sequence[Pod]:
        pods = self.behind(meant.service)
        if not meant.member:
            return pods
        stem = meant.member.rpartition("-")[0]
        named = [
            pod for pod in pods if pod.name == meant.member or pod.workload.partition("/")[2] in (meant.member, stem)
        ]
        return named or pods


def entries(service: Service, port: int | None) -> list[ServicePort]:
    return [entry for entry in service.ports if port in (None, entry.number)]


def _protocols(service: Service, pod: Pod, port: int, protocol: str) -> list[str]:
    """The protocols of a pod's port that is dialled as it is: the one that is said, those declared, or TCP."""
    if protocol:
        return [protocol]
    declared = {one.protocol for one in pod.ports if one.number == port}
    declared |= {entry.protocol for entry in service.ports if port in (entry.number, pod_port(entry, pod))}
    return sorted(declared) or ["TCP"]
