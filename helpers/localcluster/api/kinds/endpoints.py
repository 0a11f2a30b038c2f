"""Endpoints: the addresses behind a Service as they were told before EndpointSlices; still what many guides list."""

from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, name_of
from helpers.policies.errors import FieldError, invalid
from helpers.policies.reading import syntax

MOST_SHOWN = 3


def _check(new: Object, old: Object | None) -> list[FieldError]:
    found: list[FieldError] = []
    for position, subset in enumerate(new.get("subsets") or ()):
        for number, port in enumerate(subset.get("ports") or ()):
            place = f"subsets[{position}].ports[{number}].port"
            found += [invalid(place, port["port"], detail) for detail in syntax.port_number(port["port"])]
    return found


def _default(obj: Object) -> Object:
    subsets = [
        {**subset, "ports": [{**port, "protocol": port.get("protocol") or "TCP"} for port in subset.get("ports") or ()]}
        for subset in obj.get("subsets") or ()
    ]
    return {**obj, "subsets": subsets} if subsets else obj


def _cells(obj: Object) -> list[object]:
    shown = [
        f"{address['ip']}:{port['port']}" if port else address["ip"]
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or [None]
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(shown) - MOST_SHOWN} more..." if len(shown) > MOST_SHOWN else ""
    return [name_of(obj), ",".join(shown[:MOST_SHOWN]) + more or NONE, age_of(obj)]


ENDPOINTS = Resource(
    "",
    "v1",
    "endpoints",
    "Endpoints",
    short_names=("ep",),
    columns=Columns((NAME, Column("Endpoints"), AGE), _cells),
    default=_default,
    check=_check,
)
