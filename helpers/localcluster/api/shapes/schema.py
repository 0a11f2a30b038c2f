"""Field names and types of the kinds served, read from `schema.json`.

The file holds facts only (names, types, numbers, merge keys, what is required), made by `generate_schema`, which says
how a field is spelled there. JSON, protobuf, OpenAPI and patches all follow this one description.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.localcluster.api.resource import Resource

SCALARS = frozenset(("string", "integer", "boolean", "number", "time", "bytes", "IntOrString", "Quantity", "any"))
# A JSON schema within an object is kept as it is given.
OPAQUE = "JSONSchemaProps"


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
class Wire:
    """A field in protobuf. Without a `name` its own fields are the owner's in JSON."""

    name: str
    type: Type
    keeps_zero: bool


@dataclass(frozen=True)
class Structure:
    """A structure's fields in alphabetical order, and which of them must be there.

    `wire` has the fields by their number in protobuf, `merge_keys` the key by which a strategic merge patch merges a
    list; an empty key says that the list merges as a set.
    """

    name: str
    fields: dict[str, Type]
    required: tuple[str, ...]
    wire: dict[int, Wire]
    merge_keys: dict[str, str]


@cache
def _document() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("schema.json")
    types: dict[str, dict[str, str]] = json.loads(path.read_bytes())["types"]
    return types


@cache
def structure(name: str) -> Structure:
    fields: dict[str, Type] = {}
    required: list[str] = []
    wire: dict[int, Wire] = {}
    merge_keys: dict[str, str] = {}
    for label, spelled in _document()[name].items():
        type_name, *words = spelled.split()
        type = Type.parse(type_name)
        if label.startswith("+"):
            inner = structure(type_name)
            fields |= inner.fields
            required += inner.required
            merge_keys |= inner.merge_keys
            wire[int(label[1:])] = Wire("", type, True)
            continue
        field = label.removesuffix("!")
        fields[field] = Type.parse("any") if OPAQUE in type_name else type
        if label.endswith("!"):
            required.append(field)
        if words:
            wire[int(words[0])] = Wire(field, type, "zero" in words)
        for word in words[1:]:
            if word != "zero":
                merge_keys[field] = word.removeprefix("by=").removeprefix("set")
    return Structure(name, dict(sorted(fields.items())), tuple(required), wire, merge_keys)


def is_kind(name: str) -> bool:
    """Whether objects of this name come as bodies of their own."""
    return "kind" in _document().get(name, ())


def root(resource: Resource) -> Type:
    """The type of a resource's objects."""
    return Type.parse("any" if resource.custom is not None else resource.kind)


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
