"""From what a pod dials to who is meant: names, Service addresses, ports and endpoints.

Follows the cluster's objects through the store's events, so that a lookup costs
a few dictionary reads. Names resolve as with the search list of a pod's
resolv.conf (`NAMESPACE.svc.cluster.local svc.cluster.local cluster.local`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from helpers.localcluster.dataplane import addresses

Object = dict[str, Any]
ServiceKey = tuple[str, str]
"""Namespace and name."""

SERVICES = "services"
SLICES = "endpointslices.discovery.k8s.io"
_SERVICE_NAME = "kubernetes.io/service-name"
_DOMAIN = "cluster.local"
MOST_ALIASES = 8  # ExternalNames that lead to one another


class Change(Protocol):
    """An event of the store."""

    @property
    def type(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def object(self) -> Object: ...
    @property
    def previous(self) -> Object | None: ...


class ObjectStore(Protocol):
    """What the dataplane reads of the store."""

    def get(self, key: str, namespace: str | None, name: str, /) -> Object | None: ...
    def list(self, key: str, namespace: str | None = None, /) -> list[Object]: ...
    def subscribe(self, callback: Callable[[Any], None], /) -> Callable[[], None]: ...


@dataclass(frozen=True)
class Target:
    """Where a connection would end."""

    address: str
    port: int
    service: str | None = None
    """ "namespace/name" of the Service that was dialled."""
    translated: bool = False
    """Whether that Service has an address of its own, so that this one isn't what the caller dialled."""


@dataclass(frozen=True)
class Nowhere:
    """The destination exists for nobody: the client is told so at once."""

    reason: str
    service: str | None = None


class UnknownName(Exception):
    """No Service has this name."""


class Directory:
    """The Services and endpoints of the cluster, kept up to date."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._by_address: dict[str, ServiceKey] = {}
        self._node_ports: dict[tuple[int, str], tuple[ServiceKey, int]] = {}
        self._slices: dict[ServiceKey, dict[str, Object]] = {}
        self._turns: dict[tuple[str, int], int] = {}
        for service in store.list(SERVICES):
            self._add_service(service)
        for part in store.list(SLICES):
            self._add_slice(part)

    def notice(self, event: Change) -> None:
        """Take in one event of the store."""
        if event.resource == SERVICES:
            for old in (event.previous, event.object):
                for address in _cluster_addresses(old) if old else ():
                    self._by_address.pop(address, None)
                for number, _ in _node_ports(old) if old else ():
                    self._node_ports.pop(number, None)
            if event.type != "DELETED":
                self._add_service(event.object)
        elif event.resource == SLICES:
            for old in (event.previous, event.object):
                if old:
                    self._remove_slice(old)
            if event.type != "DELETED":
                self._add_slice(event.object)

    def resolve(self, host: str, namespace: str) -> ServiceKey:
        """The Service that a name means to a pod of `namespace`, past any ExternalName. Raises UnknownName."""
        for _ in range(MOST_ALIASES):
            for key in service_names(host, namespace):
                service = self._store.get(SERVICES, *key)
                if service is not None:
                    break
            else:
                raise UnknownName(host)
            alias = service["spec"].get("externalName")
            if service["spec"].get("type") != "ExternalName" or not alias:
                return key
            host = alias.rstrip(".").lower()
        raise UnknownName(host)

    def pod_address(self, host: str, namespace: str) -> str | None:
        """The address of a pod that has a name of its own behind a Service, such as `db-0.db`; None without one."""
        for hostname, key in pod_names(host, namespace):
            for part in self._slices.get(key, {}).values():
                for endpoint in part.get("endpoints") or ():
                    if endpoint.get("hostname") == hostname and _is_ready(endpoint):
                        return str(endpoint["addresses"][0])
        return None

    def behind_node_port(self, port: int, protocol: str) -> tuple[ServiceKey, int] | None:
        """The Service and its port that a port of the node leads to."""
        return self._node_ports.get((port, protocol))

    def service_at(self, address: str) -> ServiceKey | None:
        """The Service with this cluster address."""
        return self._by_address.get(address)

    def choose(self, key: ServiceKey, port: int, protocol: str) -> Target | Nowhere:
        """The endpoint whose turn it is for a Service's port."""
        label = "/".join(key)
        service = self._store.get(SERVICES, *key)
        if service is None:
            return Nowhere(f"Service {label} is gone", label)
        ports = service["spec"].get("ports") or []
        headless = service["spec"].get("clusterIP") in (None, "", "None")
        wanted = [p for p in ports if p["port"] == port and p.get("protocol", "TCP") == protocol]
        if not wanted and not headless:
            offers = ", ".join(f"{p['port']}/{p.get('protocol', 'TCP')}" for p in ports) or "none"
            return Nowhere(f"Service {label} has no port {port}/{protocol}; its ports: {offers}", label)
        # A headless Service's name resolves to the pods themselves: the port is dialled as it is.
        name = None if headless else wanted[0].get("name") or ""
        found = sorted(self._endpoints(key, name, protocol), key=lambda pair: pair[0])
        if not found:
            return Nowhere(f"Service {label} has no ready endpoints", label)
        turn = self._turns[label, port] = (self._turns.get((label, port), -1) + 1) % len(found)
        address, number = found[turn]
        return Target(address, port if headless else number, label, translated=not headless)

    def _endpoints(self, key: ServiceKey, name: str | None, protocol: str) -> Iterator[tuple[str, int]]:
        """Addresses that are ready, each with the number of the named port there (0 if no port is named)."""
        for part in self._slices.get(key, {}).values():
            number = 0 if name is None else _number(part, name, protocol)
            if number is not None:
                yield from ((address, number) for address in _ready_addresses(part))

    def _add_service(self, service: Object) -> None:
        for address in _cluster_addresses(service):
            self._by_address[address] = _key(service)
        for number, port in _node_ports(service):
            self._node_ports[number] = _key(service), port

    def _add_slice(self, part: Object) -> None:
        key = _slice_key(part)
        if key is not None:
            self._slices.setdefault(key, {})[part["metadata"]["name"]] = part

    def _remove_slice(self, part: Object) -> None:
        key = _slice_key(part)
        if key in self._slices:
            self._slices[key].pop(part["metadata"]["name"], None)
            if not self._slices[key]:
                del self._slices[key]


def service_names(host: str, namespace: str) -> Iterator[ServiceKey]:
    """The Services that a name may mean, in the order of the search list."""
    labels = host.split(".")
    if len(labels) == 1:
        yield namespace, host
    elif labels[2:] in ([], ["svc"], ["svc", *_DOMAIN.split(".")]):
        yield labels[1], labels[0]


def pod_names(host: str, namespace: str) -> Iterator[tuple[str, ServiceKey]]:
    """The host names behind Services that a name may mean, in the order of the search list."""
    labels = host.split(".")
    if len(labels) == 2:
        yield labels[0], (namespace, labels[1])
    elif len(labels) > 2 and labels[3:] in ([], ["svc"], ["svc", *_DOMAIN.split(".")]):
        yield labels[0], (labels[2], labels[1])


def _number(part: Object, name: str, protocol: str) -> int | None:
    """The pods' number for a port of the Service; each slice holds pods that agree on it."""
    for port in part.get("ports") or ():
        if (port.get("name") or "", port.get("protocol") or "TCP") == (name, protocol) and port.get("port"):
            return int(port["port"])
    return None


def _ready_addresses(part: Object) -> Iterable[str]:
    for endpoint in part.get("endpoints") or []:
        if _is_ready(endpoint):
            yield from endpoint["addresses"][:1]


def _is_ready(endpoint: Object) -> bool:
    return (endpoint.get("conditions") or {}).get("ready", True) is not False


def _key(item: Object) -> ServiceKey:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _slice_key(part: Object) -> ServiceKey | None:
    name = (part["metadata"].get("labels") or {}).get(_SERVICE_NAME)
    return (part["metadata"]["namespace"], name) if name else None


def _node_ports(service: Object) -> Iterator[tuple[tuple[int, str], int]]:
    """Each port of the node with its protocol, and the Service's port that it leads to."""
    for port in (service.get("spec") or {}).get("ports") or ():
        if port.get("nodePort"):
            yield (port["nodePort"], port.get("protocol", "TCP")), port["port"]


def _cluster_addresses(service: Object) -> list[str]:
    spec = service.get("spec") or {}
    found = [*(spec.get("clusterIPs") or []), spec.get("clusterIP"), *(spec.get("externalIPs") or [])]
    return [address for address in dict.fromkeys(found) if address and addresses.parse(address)]
