"""Arrows: which workload needs to call which, declared in manifests or seen in a flow log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.policies.application.references import Reference, config_maps, references
from helpers.policies.model import Pod, Service
from helpers.policies.model.addresses import is_address
from helpers.policies.model.services import pod_port
from helpers.policies.wording import nearest, short
from helpers.policies.world import World

OUTSIDE = "outside"
Units = dict[str, list[Pod]]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One call that is needed. Ends are `ns/name[Kind]` of workloads, "outside", or an outside address; `port` is
    the pod's. `origins` say where it comes from, such as "env REDIS_ADDR" or "12 flows"."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"
    origins: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{short(self.source)} → {short(self.target)} {self.protocol} {self.port}"

    @property
    def rank(self) -> str:
        """What arrows are sorted by: the whole names of their ends."""
        return f"{self.source} => {self.target} : {self.protocol} {self.port}"


@dataclass(slots=True)
class Arrows:
    """Arrows as they are found, with notes on what couldn't become one."""

    found: dict[Arrow, dict[str, None]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, source: str, target: str, port: int, protocol: str, origin: str) -> None:
        if source != target:
            self.found.setdefault(Arrow(source, target, port, protocol), {})[origin] = None

    def note(self, text: str) -> None:
        self.notes[text] = None

    def listed(self) -> tuple[Arrow, ...]:
        """The arrows, sorted, with their origins."""
        return tuple(Arrow(one.source, one.target, one.port, one.protocol, tuple(origins))
                     for one, origins in sorted(self.found.items(), key=lambda entry: entry[0].rank))


def declared(world: World, into: Arrows) -> None:
    """The arrows that manifests declare: addresses that workloads are given, and Services open to the outside."""
    maps = config_maps(world.objects)
    services = {(service.namespace, service.name): service for service in world.services}
    units = _units(world)
    for pods in units.values():
        for pod in pods:
            for reference in references(pod, maps):
                _follow(units, services, pod, reference, into)
    exposed = {key for item in world.objects if item.get("kind") == "Ingress" for key in backends(item)}
    for service in world.services:
        ports = {port for namespace, name, port in exposed if (namespace, name) == (service.namespace, service.name)}
        if service.kind in ("LoadBalancer", "NodePort") or ports:
            open_ports = set() if service.kind in ("LoadBalancer", "NodePort") else ports
            kind = f"Service {service.name} of type {service.kind}" if not ports else f"an Ingress to {service.name}"
            _expose(units, service, open_ports, kind, into)


def _units(world: World) -> Units:
    """One pod of each workload, by namespace."""
    found: Units = {}
    for pod in {pod.workload_key: pod for pod in reversed(world.pods)}.values():
        found.setdefault(pod.namespace, []).append(pod)
    return found


def _follow(units: Units, services: Mapping[tuple[str, str], Service], pod: Pod, reference: Reference,
            into: Arrows) -> None:
    """Turn one address that a pod names into arrows to the pods behind it."""
    name, _, rest = reference.host.partition(".")
    service = services.get((rest.partition(".")[0] or pod.namespace, name))
    if service is None:
        _unknown(services, pod, reference, into)
        return
    entries = [entry for entry in service.ports if reference.port in (None, entry.number)]
    if not entries or (reference.port is None and len(entries) > 1 and not reference.sure):
        has = ", ".join(str(entry.number) for entry in service.ports) or "no port"
        into.note(f"{short(pod.workload_key)} names {reference.host}:{reference.port} ({reference.origin}), and "
                  f"Service {service.key} has {has}.")
        return
    if not reference.sure and service.selects(pod):
        return
    targets = [target for target in units.get(service.namespace, ()) if service.selects(target)]
    if not targets:
        into.note(f"{short(pod.workload_key)} names Service {service.key} ({reference.origin}), which selects no pod.")
    for target in targets:
        for entry in entries:
            port = pod_port(entry, target)
            if port is not None:
                into.add(pod.workload_key, target.workload_key, port, entry.protocol, reference.origin)


def _unknown(services: Mapping[tuple[str, str], Service], pod: Pod, reference: Reference, into: Arrows) -> None:
    if not reference.sure or reference.host in ("localhost", "127.0.0.1", "0.0.0.0"):
        return
    if is_address(reference.host):
        if reference.port is not None:
            into.add(pod.workload_key, reference.host, reference.port, "TCP", reference.origin)
        return
    if "." in reference.host.removesuffix(".svc") and ".svc" not in reference.host:
        if reference.scheme:
            into.note(f"{short(pod.workload_key)} names {reference.host} ({reference.origin}), a host outside: "
                      "policies know addresses only, so allow its address by ipBlock if the pod must reach it.")
        return
    near = nearest(reference.host, [name for namespace, name in services if namespace == pod.namespace],
                   alike=0.8)
    hint = f"; did you mean {near[0]}?" if near else ""
    into.note(f"{short(pod.workload_key)} names {reference.host}:{reference.port} ({reference.origin}), and there is "
              f"no such Service{hint}")


def _expose(units: Units, service: Service, ports: set[int | str], origin: str, into: Arrows) -> None:
    for pod in (pod for pod in units.get(service.namespace, ()) if service.selects(pod)):
        for entry in service.ports:
            port = pod_port(entry, pod)
            if port is not None and (not ports or ports & {entry.number, entry.name}):
                into.add(OUTSIDE, pod.workload_key, port, entry.protocol, origin)


def backends(ingress: Mapping[str, Any]) -> set[tuple[str, str, int | str]]:
    """The (namespace, Service, port number or name) triples that an Ingress object leads to."""
    found: set[tuple[str, str, int | str]] = set()
    metadata = ingress.get("metadata")
    namespace = str((metadata.get("namespace") if isinstance(metadata, Mapping) else None) or "default")
    waiting: list[Any] = [ingress.get("spec")]
    for _ in range(10_000):
        if not waiting:
            break
        node = waiting.pop()
        if isinstance(node, Mapping):
            service = node.get("service")
            if isinstance(service, Mapping) and isinstance(service.get("name"), str):
                port = service.get("port")
                port = port if isinstance(port, Mapping) else {}
                value = port.get("number") or port.get("name")
                if isinstance(value, int | str):
                    found.add((namespace, service["name"], value))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


def ingress_backends(world: World) -> list[tuple[Pod, int]]:
    """The (pod, pod port) pairs behind the Ingress objects."""
    wanted = {backend for item in world.objects if item.get("kind") == "Ingress" for backend in backends(item)}
    routes = [(pod, pod_port(entry, pod)) for namespace, name, port in sorted(wanted, key=str)
              for service in world.services if (service.namespace, service.name) == (namespace, name)
              for entry in service.ports if port in (entry.number, entry.name)
              for pod in world.pods if service.selects(pod)]
    return [(pod, port) for pod, port in routes if port is not None]
