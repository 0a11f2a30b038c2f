"""Services: a name and an address for pods that come and go."""

import ipaddress
from typing import Any

from helpers.localcluster.api.requests.selectors import format as format_selector
from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, join, name_of
from helpers.localcluster.api.validation.metadata import LABEL_1035, check_label, check_labels
from helpers.localcluster.api.validation.pods import PROTOCOLS
from helpers.policies.errors import FieldError, invalid, required, unsupported
from helpers.policies.reading import syntax

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
NODE_PORTS = range(30000, 32768)


def _default(obj: Object) -> Object:
    spec = {"type": "ClusterIP", "sessionAffinity": "None", **(obj.get("spec") or {})}
    spec["ports"] = [_default_port(port) for port in spec.get("ports") or ()]
    if not spec["ports"]:
        del spec["ports"]
    if spec["type"] != "ExternalName":
        family = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
        spec = {**family, **spec}
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    return {**obj, "spec": spec, "status": {"loadBalancer": {}, **obj.get("status", {})}}


def _default_port(port: Object) -> Object:
    """A targetPort of 0 or "" is none: Go clients send it."""
    return {**port, "protocol": port.get("protocol") or "TCP", "targetPort": port.get("targetPort") or port.get("port")}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new.get("spec") or {}
    kind = spec.get("type")
    if kind not in TYPES:
        return [unsupported("spec.type", kind, TYPES)]
    found = check_labels(spec.get("selector") or {}, "spec.selector")
    if spec.get("sessionAffinity", "None") not in AFFINITIES:
        found.append(unsupported("spec.sessionAffinity", spec["sessionAffinity"], AFFINITIES))
    if kind == "ExternalName":
        return found + _check_external_name(spec)
    if not spec.get("ports") and spec.get("clusterIP") != "None":
        found.append(required("spec.ports"))
    found += _check_ports(spec.get("ports") or [])
    return found + _check_address(spec, (old or {}).get("spec") or {})


def _check_external_name(spec: Object) -> list[FieldError]:
    name = spec.get("externalName", "").rstrip(".")
    if not name:
        return [required("spec.externalName")]
    return [invalid("spec.externalName", name, detail) for detail in syntax.subdomain(name)]


def _check_address(spec: Object, old: Object) -> list[FieldError]:
    address, held = spec.get("clusterIP"), old.get("clusterIP")
    if held and old.get("type") != "ExternalName" and address != held:
        return [invalid("spec.clusterIPs[0]", [address], "may not change once set")]
    if address and address != "None":
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            return [invalid("spec.clusterIPs[0]", address, "must be a valid IPv4 address, or None")]
    return []


def _check_ports(ports: list[Object]) -> list[FieldError]:
    found: list[FieldError] = []
    names: set[str] = set()
    numbers: set[tuple[Any, ...]] = set()
    for position, port in enumerate(ports):
        place = f"spec.ports[{position}]"
        found += _check_port(port, place)
        name = port.get("name", "")
        if name:
            found += check_label(name, f"{place}.name")
        elif len(ports) > 1:
            found.append(required(f"{place}.name", "must be given when there is more than one port"))
        if name and name in names:
            found.append(FieldError(f"{place}.name", "Duplicate value", name, ""))
        number = (port["port"], port.get("protocol", "TCP"))
        if number in numbers:
            found.append(FieldError(place, "Duplicate value", {"port": number[0], "protocol": number[1]}, ""))
        names.add(name)
        numbers.add(number)
    return found


def _check_port(port: Object, place: str) -> list[FieldError]:
    found = [invalid(f"{place}.port", port["port"], detail) for detail in syntax.port_number(port["port"])]
    if port.get("protocol", "TCP") not in PROTOCOLS:
        found.append(unsupported(f"{place}.protocol", port["protocol"], PROTOCOLS))
    target = port["targetPort"] if "targetPort" in port else port["port"]
    details = syntax.port_name(target) if isinstance(target, str) else syntax.port_number(target)
    found += [invalid(f"{place}.targetPort", target, detail) for detail in details]
    if port.get("nodePort") and port["nodePort"] not in NODE_PORTS:
        detail = f"must be between {NODE_PORTS.start} and {NODE_PORTS.stop - 1}"
        found.append(invalid(f"{place}.nodePort", port["nodePort"], detail))
    return found


def _cells(obj: Object) -> list[object]:
    spec = obj.get("spec", {})
    ports = join(
        f"{port['port']}" + (f":{port['nodePort']}" if port.get("nodePort") else "") + f"/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    )
    kind = spec.get("type", "ClusterIP")
    selector = format_selector({"matchLabels": spec.get("selector")})
    return [name_of(obj), kind, spec.get("clusterIP") or NONE, _external(obj, kind), ports, age_of(obj), selector]


def _external(obj: Object, kind: str) -> str:
    spec = obj.get("spec", {})
    if kind == "ExternalName":
        return spec.get("externalName") or NONE
    held = [*(spec.get("externalIPs") or ())]
    if kind == "LoadBalancer":
        ingress = (obj.get("status", {}).get("loadBalancer") or {}).get("ingress") or ()
        held += [item.get("ip") or item.get("hostname") for item in ingress]
        return ",".join(held) or "<pending>"
    return join(held)


SERVICES = Resource(
    "",
    "v1",
    "services",
    "Service",
    short_names=("svc",),
    categories=("all",),
    subresources=("status",),
    field_labels=("spec.clusterIP", "spec.type"),
    columns=Columns(
        (
            NAME,
            *map(Column, ("Type", "Cluster-IP", "External-IP", "Port(s)")),
            AGE,
            Column("Selector", wide=True),
        ),
        _cells,
    ),
    default=_default,
    check=_check,
    name_rule=LABEL_1035,
    told=True,
)
