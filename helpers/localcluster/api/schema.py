"""Field names and types of the kinds served, read from `schema.json`.

The file holds facts only (names, types, what is required), made by
`generate_schema` from the Python client's models; the kinds of this lab's own
are declared here.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .resources import Resource

SCALARS = frozenset(("string", "integer", "boolean", "number", "time", "bytes", "IntOrString", "Quantity", "any"))
LAB_TYPES = {
    "Flow": {
        "apiVersion": "string",
        "kind": "string",
        "metadata": "ObjectMeta",
        "time": "time",
        "source": "FlowEnd",
        "target": "FlowEnd",
        "port": "integer",
        "protocol": "string",
        "verdict": "string",
        "reason": "string",
        "policies": "[]string",
        "attempts": "integer",
        "dns": "boolean",
    },
    "FlowEnd": {
        "kind": "string",
        "namespace": "string",
        "name": "string",
        "address": "string",
        "labels": "{}string",
        "service": "string",
    },
}


@dataclass(frozen=True)
class Type:
    """How a field is spelled: a scalar's or structure's `name`, or a list or map of `item`."""

    name: str
    shape: str = "plain"  # plain, list or map
    item: "Type | None" = None

    @classmethod
    @cache
    def parse(cls, spelled: str) -> "Type":
        """`[]Container`, `{}string`, `Probe`, `integer`."""
        if spelled.startswith(("[]", "{}")):
            return cls(spelled, "list" if spelled[0] == "[" else "map", cls.parse(spelled[2:]))
        return cls(spelled)

    @property
    def structure(self) -> "Structure | None":
        """The fields, if this is a structure."""
        return structure(self.name) if self.shape == "plain" and self.name not in SCALARS else None


@dataclass(frozen=True)
class Structure:
    """A structure's fields in alphabetical order, and which of them must be there."""

    name: str
    fields: dict[str, Type]
    required: tuple[str, ...]


@cache
def _document() -> dict[str, dict[str, dict[str, str]]]:
    path = Path(__file__).with_name("schema.json")
    document: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_bytes())
    document["types"].update(LAB_TYPES)
    return document


@cache
def structure(name: str) -> Structure:
    fields = _document()["types"][name]
    return Structure(
        name,
        {field.rstrip("!"): Type.parse(spelled) for field, spelled in fields.items()},
        tuple(field[:-1] for field in fields if field.endswith("!")),
    )


def root(resource: Resource) -> Type:
    """The type of a resource's objects."""
    return Type.parse(resource.kind)


def reachable(names: list[str]) -> list[str]:
    """These structures and every structure in their fields, sorted."""
    waiting, seen = [*names], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for field in structure(name).fields.values():
            inner: Type | None = field
            while inner and inner.item:
                inner = inner.item
            if inner and inner.name not in SCALARS:
                waiting.append(inner.name)
    return sorted(seen)
