"""The texts that a pod's containers are given: variables, commands, and the ConfigMaps and Secrets they use."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from helpers.policies.application.fields import Json, at, mapping, mappings, name_of, namespace_of, strings, texts
from helpers.policies.application.references import Reference, flags, in_file, in_text, in_variable
from helpers.policies.model import Pod

_EXPANSION = re.compile(r"\$(?:\$|\(([A-Za-z_][\w.-]{0,250})\))")
_EVERY_CLUSTERS = ("kube-root-ca.crt", "openshift-service-ca.crt")
_SOURCES = {
    "ConfigMap": ("configMap", "configMapRef", "configMapKeyRef", "name"),
    "Secret": ("secret", "secretRef", "secretKeyRef", "secretName"),
}


class Givens:
    """The ConfigMaps and Secrets of a world, and what pods are given of them; `missing` collects those that pods use
    and that aren't among the objects, as (kind, "ns/name")."""

    def __init__(self, objects: Iterable[Json]) -> None:
        self._data: dict[tuple[str, str, str], dict[str, str]] = {}
        self.missing: dict[tuple[str, str], None] = {}
        for item in objects:
            if item.get("kind") == "Secret":
                self._data["Secret", namespace_of(item), name_of(item)] = _secret(item)
            elif item.get("kind") == "ConfigMap":
                self._data["ConfigMap", namespace_of(item), name_of(item)] = texts(item, "data")

    def references(self, pod: Pod, injected: Mapping[str, str]) -> Iterator[Reference]:
        """Every address that a pod's containers are given; `injected` are the variables that the cluster adds."""
        spec = mapping(pod.manifest, "spec")
        for container in [*mappings(spec, "containers"), *mappings(spec, "initContainers")]:
            environment = self._environment(container, pod, injected)
            for name, (value, origin) in environment.items():
                yield from in_variable(name, value, {key: text for key, (text, _) in environment.items()}, origin)
            yield from _of_command(container, {**injected, **{key: text for key, (text, _) in environment.items()}})
        for kind, name, keys in _mounted(spec):
            for key, text in self._get(kind, pod.namespace, name).items():
                if not keys or key in keys:
                    yield from in_file(text, f"{kind} {name}, {key}", key)

    def _environment(self, container: Json, pod: Pod, injected: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """The variables of a container with their origins, in order, each with those before it filled in."""
        found: dict[str, tuple[str, str]] = {}
        for source in mappings(container, "envFrom"):
            prefix = str(source.get("prefix") or "")
            for kind, (_, reference, _, _) in _SOURCES.items():
                chosen = at(source, reference, "name")
                if isinstance(chosen, str):
                    optional = at(source, reference, "optional")
                    for key, value in self._get(kind, pod.namespace, chosen, optional).items():
                        found[prefix + key] = (value, f"env {prefix}{key}")
        for entry in mappings(container, "env"):
            name, given = entry.get("name"), self._value(entry, pod)
            if isinstance(name, str) and given is not None:
                known = {**injected, **{key: text for key, (text, _) in found.items()}}
                found[name] = (_expand(given, known), f"env {name}")
        return found

    def _value(self, entry: Json, pod: Pod) -> str | None:
        value = entry.get("value")
        if isinstance(value, str):
            return value
        for kind, (_, _, reference, _) in _SOURCES.items():
            chosen = at(entry, "valueFrom", reference)
            if isinstance(chosen, Mapping):
                data = self._get(kind, pod.namespace, str(chosen.get("name")), chosen.get("optional"))
                return data.get(str(chosen.get("key")))
        return {"metadata.namespace": pod.namespace}.get(str(at(entry, "valueFrom", "fieldRef", "fieldPath")))

    def _get(self, kind: str, namespace: str, name: str, optional: Any = False) -> Mapping[str, str]:
        found = self._data.get((kind, namespace, name))
        if found is None and optional is not True and name not in _EVERY_CLUSTERS:
            self.missing[kind, f"{namespace}/{name}"] = None
        return found or {}


def _of_command(container: Json, environment: Mapping[str, str]) -> Iterator[Reference]:
    words: list[str] = []
    for field in ("command", "args"):
        for word in strings(container, field):
            words.append(_expand(word, environment))
            text = words[-1].partition("=")[2] if re.match(r"-*[\w.-]+=", words[-1]) else words[-1]
            yield from in_text(text, f"{field} {word[:60]}")
    options = dict(flags(words))
    for name, value in options.items():
        if not any(mark in value for mark in ":/ \n"):
            yield from in_variable(name, value, options, f"args --{name.lower().replace('_', '-')} {value[:60]}")


def _mounted(spec: Json) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(kind, name, keys) of the ConfigMaps and Secrets that a pod mounts; no keys means all of them."""
    for volume in mappings(spec, "volumes"):
        for source in (volume, *mappings(volume, "projected", "sources")):
            for kind, (field, _, _, naming) in _SOURCES.items():
                chosen = mapping(source, field)
                name = chosen.get(naming) or chosen.get("name")
                if isinstance(name, str) and chosen.get("optional") is not True:
                    yield kind, name, frozenset(str(one.get("key")) for one in mappings(chosen, "items"))


def _expand(value: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` filled in as the kubelet does: an unknown one stays, `$$` is a dollar."""
    return _EXPANSION.sub(lambda found: known.get(found[1], found[0]) if found[1] else "$", value)


def _secret(item: Json) -> dict[str, str]:
    found = {}
    for key, value in texts(item, "data").items():
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return {**found, **texts(item, "stringData")}
