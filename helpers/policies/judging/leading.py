"""Where a Service leads: to pods, to addresses that no selector means, to another name, through a node's port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from helpers.policies import home
from helpers.policies.errors import Question
from helpers.policies.model import Pod, Service, ServicePort
from helpers.policies.model.services import names_meant, pod_port


class NoRoute(Question, ValueError):
    """A Service doesn't lead there on that port; the message says what it does have."""

    step = "`kubectl get services -o wide` lists their ports and selectors."


class Surroundings(Protocol):
    """What following a Service needs of a World."""

    @property
    def pods(self) -> Sequence[Pod]: ...
    @property
    def services(self) -> Sequence[Service]: ...
    @property
    def objects(self) -> Sequence[Mapping[str, Any]]: ...


class Lead(NamedTuple):
    """A pod or an address behind a Service, and the port there."""

    target: Pod | str
    port: int


def leads(world: Surroundings, service: Service, port: int, protocol: str) -> list[Lead]:
    """Everything that a Service's port leads to; `port` may also be its node port. Raises NoRoute."""
    service, alias = _named(world, service)
    if service.selector is not None:
        return _to_pods(world, service, port, protocol)
    entry = _entry(service, port, protocol)
    found = [Lead(address, number) for address, number in _endpoints(world, service, entry)]
    if not found:
        raise NoRoute(
            f"Service {service.key}{alias} has no selector, and the input has no endpoints for it, so where "
            "it leads isn't known"
        )
    return found


def _named(world: Surroundings, service: Service) -> tuple[Service, str]:
    """The Service that an ExternalName stands for, and how that was found."""
    seen: list[Service] = []
    while service.external_name:
        seen.append(service)
        keys = names_meant(service.external_name, service.namespace) if "." in service.external_name else []
        following = next((one for one in world.services if (one.namespace, one.name) in keys), None)
        if following is None:
            raise NoRoute(
                f"Service {service.key} is another name for {service.external_name}, a host outside of the "
                "cluster: policies know addresses only, so ask for its address"
            )
        if following in seen:
            raise NoRoute(f"Service {service.key} is another name for itself")
        service = following
    return service, f" (that {seen[0].key} stands for)" if seen else ""


def _to_pods(world: Surroundings, service: Service, port: int, protocol: str) -> list[Lead]:
    pods = [pod for pod in world.pods if service.selects(pod)]
    if not pods:
        raise NoRoute(f"Service {service.key} selects no pod")
    if service.headless:
        return [Lead(pod, port) for pod in pods]
    entry = _entry(service, port, protocol)
    found = [Lead(pod, number) for pod in pods if (number := pod_port(entry, pod)) is not None]
    if not found:
        raise NoRoute(
            f"Service {service.key} sends {protocol} {port} to the port named {entry.target}, which "
            f"{pods[0].key} doesn't have"
        )
    return found


def _entry(service: Service, port: int, protocol: str) -> ServicePort:
    """The Service's entry for a port of its own, or for a node port."""
    for entry in service.ports:
        if entry.protocol == protocol and port in (entry.number, entry.node_port):
            return entry
    has = ", ".join(f"{entry.protocol} {entry.number}" for entry in service.ports) or "no port"
    raise NoRoute(f"Service {service.key} has no port {protocol} {port}; it has {has}")


def _endpoints(world: Surroundings, service: Service, entry: ServicePort) -> Iterator[tuple[str, int]]:
    """The (address, port) pairs that EndpointSlices, or an Endpoints object, give a Service without selector."""
    for item in world.objects:
        metadata = item.get("metadata") or {}
        if home.namespace_of(metadata) != service.namespace:
            continue
        labels = metadata.get("labels") or {}
        if item.get("kind") == "EndpointSlice" and labels.get("kubernetes.io/service-name") == service.name:
            ready = [
                one
                for one in _mappings(item.get("endpoints"))
                if (one.get("conditions") or {}).get("ready") is not False
            ]
            yield from _pairs([address for one in ready for address in one.get("addresses") or ()], item, entry)
        elif item.get("kind") == "Endpoints" and metadata.get("name") == service.name:
            for part in _mappings(item.get("subsets")):
                yield from _pairs([one.get("ip") for one in _mappings(part.get("addresses"))], part, entry)


def _pairs(addresses: Sequence[Any], part: Mapping[str, Any], entry: ServicePort) -> Iterator[tuple[str, int]]:
    for port in _mappings(part.get("ports")):
        number = port.get("port")
        same = (port.get("name") or "") == entry.name and (port.get("protocol") or "TCP") == entry.protocol
        if same and isinstance(number, int):
            yield from ((address, number) for address in addresses if isinstance(address, str))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []
