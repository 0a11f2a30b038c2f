"""EndpointSlices: which addresses stand behind a Service."""

from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.policies.errors import FieldError, invalid, required, unsupported

ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")


def _check(new: Object, old: Object | None) -> list[FieldError]:
    kind = new.get("addressType")
    if not kind:
        return [required("addressType")]
    if kind not in ADDRESS_TYPES:
        return [unsupported("addressType", kind, ADDRESS_TYPES)]
    if old and old.get("addressType") != kind:
        return [invalid("addressType", kind, "field is immutable")]
    return []


def _cells(obj: Object) -> list[object]:
    addresses = [address for item in obj.get("endpoints") or () for address in item["addresses"]]
    shown = ",".join(addresses[:3]) or "<unset>"
    if len(addresses) > 3:
        shown += f" + {len(addresses) - 3} more..."
    ports = ",".join(str(port.get("port")) for port in obj.get("ports") or ()) or "<unset>"
    return [name_of(obj), obj.get("addressType"), ports, shown, age_of(obj)]


ENDPOINT_SLICES = Resource(
    "discovery.k8s.io",
    "v1",
    "endpointslices",
    "EndpointSlice",
    columns=Columns((NAME, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE), _cells),
    check=_check,
)
