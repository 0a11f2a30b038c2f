"""Services."""

import ipaddress
from typing import Any

from helpers.policies.errors import FieldError, invalid, required, unsupported
from helpers.policies.reading import syntax

from ..store import Object
from .metadata import check_label, check_labels

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PROTOCOLS = ("TCP", "UDP", "SCTP")
AFFINITIES = ("ClientIP", "None")
NODE_PORTS = range(30000, 32768)


def check(new: Object, old: Object | None) -> list[FieldError]:
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
