"""Service addresses and node ports: which are taken, which is given next."""

import ipaddress
import random
from collections.abc import Callable
from typing import Any

from helpers.localcluster.api import errors
from helpers.localcluster.api.kinds import SERVICES
from helpers.localcluster.api.kinds.services import NODE_PORTS
from helpers.localcluster.api.storage.store import Object, Store
from helpers.policies.errors import FieldError, invalid, quote

NETWORK = ipaddress.IPv4Network("10.96.0.0/16")
RESERVED = 256  # the first addresses are for Services that are asked for by address, such as DNS
ADDRESSES = range(int(NETWORK.network_address) + RESERVED, int(NETWORK.broadcast_address))


def allocate(store: Store, service: Object, old: Object | None) -> Object:
    """The Service with the cluster address and node ports that its type has.

    A Service keeps what it had. Raises ApiError 422 when an address or port
    that was asked for is taken.
    """
    spec = _kept(service.get("spec") or {}, (old or {}).get("spec") or {})
    others = [item["spec"] for item in store.list(SERVICES.key) if not old or item is not old]
    if spec["type"] == "ExternalName":
        return {**service, "spec": {name: spec[name] for name in spec if name not in ("clusterIP", "clusterIPs")}}
    address = spec.get("clusterIP") or ""
    taken = {other.get("clusterIP") for other in others} - {"None", None, ""}
    if not address:
        address = _free(ADDRESSES, taken, lambda number: str(ipaddress.IPv4Address(number)))
    elif address in taken:
        raise _taken(service, invalid("spec.clusterIPs", [address], "provided IP is already allocated"))
    elif address != "None" and not _inside(address):
        detail = f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {NETWORK}"
        raise _taken(service, invalid("spec.clusterIPs", [address], detail))
    spec |= {"clusterIP": address, "clusterIPs": [address]}
    if spec.get("ports"):
        spec["ports"] = _node_ports(service, spec, others)
    return {**service, "spec": spec}


def _inside(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address) in NETWORK
    except ValueError:
        return True  # no address at all: validation says so


def _kept(spec: Object, old: Object) -> Object:
    """What an update may leave out because the server chose it."""
    if not old or old.get("type") == "ExternalName":
        return {**spec}
    kept: Object = {name: old[name] for name in ("clusterIP", "clusterIPs") if name in old}
    return {**kept, **{name: value for name, value in spec.items() if value or name not in kept}}


def _node_ports(service: Object, spec: Object, others: list[Object]) -> list[Object]:
    if spec["type"] not in ("NodePort", "LoadBalancer"):
        return [{name: value for name, value in port.items() if name != "nodePort"} for port in spec["ports"]]
    taken = {port.get("nodePort") for other in others for port in other.get("ports") or ()} - {None}
    ports = []
    for position, port in enumerate(spec["ports"]):
        number = port.get("nodePort") or int(_free(NODE_PORTS, taken, str))
        if number in taken:
            place = f"spec.ports[{position}].nodePort"
            raise _taken(service, invalid(place, number, "provided port is already allocated"))
        taken.add(number)
        ports.append({**port, "nodePort": number})
    return ports


def _free(numbers: range, taken: set[Any], spell: Callable[[int], str]) -> str:
    """A random one that is free, so that a deleted Service's address isn't reused at once."""
    for _ in range(1000):
        spelled = spell(random.choice(numbers))
        if spelled not in taken and (not spelled.isdigit() or int(spelled) not in taken):
            return spelled
    raise errors.ApiError(500, "InternalError", "no free address or port is left for the Service; delete some first")


def _taken(service: Object, error: FieldError) -> errors.ApiError:
    cause = {
        "field": error.field,
        "reason": "FieldValueInvalid",
        "message": f"Invalid value: {quote(error.value)}: {error.detail}",
    }
    return errors.invalid(SERVICES, service["metadata"].get("name", ""), [cause])
