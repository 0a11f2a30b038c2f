"""Kubernetes objects, live or from manifests, as the engine's records.

Only the fields that judging needs are read. A wrong type raises `Unreadable` with the path; nothing else raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from helpers.policies import home
from helpers.policies.errors import type_name
from helpers.policies.model import NAMESPACE_NAME_LABEL, ContainerPort, Pod, Service, ServicePort
from helpers.policies.model.addresses import Address, NotAnAddress, parse_address
from helpers.policies.model.selectors import Requirement, Selector

ENDED = frozenset({"Succeeded", "Failed"})


class Unreadable(ValueError):
    """An object's field has the wrong type; `str()` says which and what it must be."""

    def __init__(self, path: str, value: object, wanted: str) -> None:
        self.path = path
        shown = str(value) if type(value) is int and abs(value) < 10**20 else type_name(value)
        super().__init__(f"{path or 'the object'} must be {wanted}, not {shown}")


def mapping(parent: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    """A field that is a mapping; missing or null gives an empty one."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable(f"{path}{key}", value, "a mapping")
    return value


def items(parent: Mapping[str, Any], key: str, path: str = "") -> Iterator[Mapping[str, Any]]:
    """The mappings of a field that is a list of mappings; missing or null gives none."""
    value = parent.get(key)
    if value is None:
        return
    if not isinstance(value, list | tuple):
        raise Unreadable(f"{path}{key}", value, "a list")
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise Unreadable(f"{path}{key}[{index}]", entry, "a mapping")
        yield entry


def text(parent: Mapping[str, Any], key: str, path: str = "") -> str:
    """A field that is a string; missing or null gives an empty one."""
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{path}{key}", value, "a string")
    return value


def labels_of(parent: Mapping[str, Any], key: str = "labels", path: str = "metadata.") -> Mapping[str, str]:
    """A field that maps strings to strings."""
    labels = mapping(parent, key, path)
    for name, value in labels.items():
        if type(value) is not str or type(name) is not str:
            if not isinstance(name, str):
                raise Unreadable(f"{path}{key}", name, "a mapping whose keys are strings")
            if value is not None and not isinstance(value, str):
                raise Unreadable(f"{path}{key}.{name}", value, "a string")
            return {str(k): "" if v is None else v for k, v in labels.items()}
    return labels


def identity(item: Mapping[str, Any]) -> tuple[str, str]:
    """(namespace, name) of an object; a missing namespace is the one here, a missing name what it is made from."""
    metadata = mapping(item, "metadata")
    name = text(metadata, "name", "metadata.") or text(metadata, "generateName", "metadata.")
    return text(metadata, "namespace", "metadata.") or home.namespace(), name


def namespace_labels(item: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """A Namespace's name, and its labels with the one that every Namespace carries."""
    metadata = mapping(item, "metadata")
    name = text(metadata, "name", "metadata.")
    return name, {**labels_of(metadata), NAMESPACE_NAME_LABEL: name}


def pod_of(item: Mapping[str, Any], workload: str) -> Pod:
    """A Pod object as a Pod record."""
    namespace, name = identity(item)
    spec, status = mapping(item, "spec"), mapping(item, "status")
    addresses = _addresses(status, "podIP", "podIPs")
    return Pod(
        namespace=namespace,
        name=name,
        labels=labels_of(mapping(item, "metadata")),
        addresses=addresses,
        ports=container_ports(spec, "spec."),
        workload=workload or f"Pod/{name}",
        node=text(spec, "nodeName", "spec."),
        host_network=spec.get("hostNetwork") is True,
        host_addresses=_addresses(status, "hostIP", "hostIPs"),
        parsed_addresses=parsed(addresses),
        source=item,
        manifest=item,
    )


def container_ports(spec: Mapping[str, Any], path: str) -> tuple[ContainerPort, ...]:
    """Declared ports of the containers and of the sidecars (init containers that are always restarted)."""
    found = [port for container in items(spec, "containers", path) for port in _ports(container, path)]
    if spec.get("initContainers"):
        for container in items(spec, "initContainers", path):
            if container.get("restartPolicy") == "Always":
                found += _ports(container, path)
    return tuple(found)


def _ports(container: Mapping[str, Any], path: str) -> Iterator[ContainerPort]:
    if not container.get("ports"):
        return
    for port in items(container, "ports", f"{path}containers[]."):
        number = port_number(port.get("containerPort"), f"{path}containers[].ports[].containerPort")
        yield ContainerPort(text(port, "name"), number, text(port, "protocol") or "TCP")


def port_number(value: Any, path: str) -> int:
    if type(value) is not int or not 1 <= value <= 65535:
        raise Unreadable(path, value, "a port from 1 to 65535")
    return value


def _addresses(status: Mapping[str, Any], one: str, many: str) -> tuple[str, ...]:
    listed = tuple(text(entry, "ip", f"status.{many}[].") for entry in items(status, many, "status."))
    first = text(status, one, "status.")
    if listed or not first:
        return tuple(address for address in listed if address)
    return (first,)


def parsed(addresses: tuple[str, ...]) -> tuple[Address, ...]:
    """Those of the addresses that are addresses, as numbers."""
    found = []
    for address in addresses:
        try:
            found.append(parse_address(address))
        except NotAnAddress:
            continue
    return tuple(found)


def service_of(item: Mapping[str, Any]) -> Service:
    """A Service object as a Service record."""
    namespace, name = identity(item)
    spec = mapping(item, "spec")
    selector = labels_of(spec, "selector", "spec.")
    requirements: tuple[Requirement, ...] = tuple((k, "In", frozenset((v,))) for k, v in sorted(selector.items()))
    kind = text(spec, "type", "spec.") or "ClusterIP"
    return Service(
        namespace,
        name,
        Selector(requirements) if requirements and kind != "ExternalName" else None,
        tuple(_service_port(port) for port in items(spec, "ports", "spec.")),
        tuple(dict.fromkeys(_service_addresses(item, spec))),
        kind,
        spec.get("externalTrafficPolicy") == "Local",
        spec.get("clusterIP") == "None",
        text(spec, "externalName", "spec.") if kind == "ExternalName" else "",
    )


def _service_addresses(item: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Where a Service can be dialled: in the cluster, and from outside as far as that is known."""
    for field in ("clusterIPs", "externalIPs"):
        listed = spec.get(field)
        yield from (
            one
            for one in (listed if isinstance(listed, list) else ())
            if isinstance(one, str) and one not in ("", "None")
        )
    for field in ("clusterIP", "loadBalancerIP"):
        one = spec.get(field)
        if isinstance(one, str) and one not in ("", "None"):
            yield one
    balancer = mapping(mapping(item, "status"), "loadBalancer", "status.")
    yield from filter(None, (text(entry, "ip") for entry in items(balancer, "ingress", "status.loadBalancer.")))


def _service_port(port: Mapping[str, Any]) -> ServicePort:
    number, target = port_number(port.get("port"), "spec.ports[].port"), port.get("targetPort")
    if target is None or target == 0 or target == "":
        target = number
    elif not isinstance(target, str):
        target = port_number(target, "spec.ports[].targetPort")
    node_port = port.get("nodePort")
    return ServicePort(
        text(port, "name"), number, target, text(port, "protocol") or "TCP", node_port if type(node_port) is int else 0
    )
