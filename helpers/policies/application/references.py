"""Addresses that a workload names: in its environment, arguments and ConfigMaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies.model import Pod

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+]*)://(?:[^\s/@'\",]*@)?)?"
    r"(?P<host>[a-zA-Z0-9](?:[-a-zA-Z0-9.]{0,251}[a-zA-Z0-9])?)(?::(?P<port>\d{1,5}))?(?![-\w.:])")
_HOST_KEY = re.compile(r"(.*?)_?(HOST|HOSTNAME|ADDR|ADDRESS|URL|URI|ENDPOINT|SERVER|BROKERS?|SERVICE)$", re.IGNORECASE)
_LONGEST = 200_000
"""Longer texts, such as certificates in ConfigMaps, are searched so far and no further."""

SCHEME_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "redis": 6379, "postgres": 5432, "postgresql": 5432,
                "mysql": 3306, "amqp": 5672, "mongodb": 27017, "nats": 4222, "kafka": 9092, "ldap": 389}


@dataclass(frozen=True, slots=True)
class Reference:
    """A host, and a port if one is given, that a workload names; `origin` says where, such as "env REDIS_ADDR".

    `sure` is False for a bare word that only its variable's name makes look like a host.
    """

    host: str
    port: int | None
    scheme: str
    origin: str
    sure: bool = True


def references(pod: Pod, config_maps: Mapping[tuple[str, str], Mapping[str, str]]) -> Iterator[Reference]:
    """Every address that a pod's containers are given; ConfigMaps are (namespace, name) -> data."""
    spec = pod.spec
    for container in [*_mappings(spec.get("containers")), *_mappings(spec.get("initContainers"))]:
        environment = dict(_environment(container, pod.namespace, config_maps))
        for name, value in environment.items():
            yield from _in_variable(name, value, environment)
        for field in ("command", "args"):
            for word in _strings(container.get(field)):
                yield from in_text(word.rpartition("=")[2] if "=" in word else word, f"{field} {word[:60]}")
    for volume in _mappings(spec.get("volumes")):
        source = volume.get("configMap")
        mounted = str(source.get("name")) if isinstance(source, Mapping) else ""
        for key, value in config_maps.get((pod.namespace, mounted), {}).items():
            yield from in_text(value, f"ConfigMap {mounted}, {key}")


def _environment(container: Mapping[str, Any], namespace: str,
                 config_maps: Mapping[tuple[str, str], Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for source in _mappings(container.get("envFrom")):
        referred = _at(source, "configMapRef", "name")
        prefix = str(source.get("prefix") or "")
        yield from ((prefix + key, value) for key, value in config_maps.get((namespace, str(referred)), {}).items())
    for entry in _mappings(container.get("env")):
        name: Any = entry.get("name")
        value: Any = entry.get("value")
        reference = _at(entry, "valueFrom", "configMapKeyRef")
        if isinstance(reference, Mapping):
            value = config_maps.get((namespace, str(reference.get("name"))), {}).get(str(reference.get("key")))
        if isinstance(name, str) and isinstance(value, str):
            yield name, value


def _in_variable(name: str, value: str, environment: Mapping[str, str]) -> Iterator[Reference]:
    origin = f"env {name}"
    found = list(in_text(value, origin))
    host = _HOST_KEY.match(name)
    if found or host is None or not re.fullmatch(r"[a-z0-9][-a-z0-9.]*", value):
        yield from found
        return
    port = environment.get(f"{host[1]}_PORT") or environment.get(f"{host[1]}_{host[2]}_PORT") or ""
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None
    yield Reference(value, number, "", origin, sure=number is not None)


def in_text(value: str, origin: str) -> Iterator[Reference]:
    """Addresses in a text: those with a port or a scheme, and names that end in `.svc` or in a cluster domain."""
    for found in _ADDRESS.finditer(value[:_LONGEST]):
        host, port, scheme = found["host"].lower(), found["port"], (found["scheme"] or "").lower()
        if port is not None and not 1 <= int(port) <= 65535:
            continue
        if port is None and not scheme and ".svc" not in host:
            continue
        if host.isdigit() or (port and not re.search(r"[a-z]", host) and host.count(".") != 3):
            continue
        yield Reference(host, int(port) if port else SCHEME_PORTS.get(scheme), scheme, origin)


def config_maps(objects: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, str]]:
    """ConfigMaps among the objects as (namespace, name) -> data."""
    found = {}
    for item in objects:
        metadata, data = item.get("metadata"), item.get("data")
        if item.get("kind") == "ConfigMap" and isinstance(metadata, Mapping) and isinstance(data, Mapping):
            key = (str(metadata.get("namespace") or "default"), str(metadata.get("name")))
            found[key] = {str(name): value for name, value in data.items() if isinstance(value, str)}
    return found


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _at(value: Mapping[str, Any], *path: str) -> Any:
    node: Any = value
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node
