"""Fields of objects that nobody has validated: what has the wrong type counts as missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.policies import home

Json = Mapping[str, Any]


def at(value: Any, *path: str) -> Any:
    """The value at a path of keys; None where there is nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def mapping(value: Any, *path: str) -> Json:
    """The mapping at a path; an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def mappings(value: Any, *path: str) -> list[Json]:
    """The mappings of the list at a path."""
    found = at(value, *path)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list | tuple) else []


def strings(value: Any, *path: str) -> list[str]:
    """The strings of the list at a path."""
    found = at(value, *path)
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list | tuple) else []


def texts(value: Any, *path: str) -> dict[str, str]:
    """The entries of the mapping at a path whose values are strings."""
    return {str(key): text for key, text in mapping(value, *path).items() if isinstance(text, str)}


def name_of(item: Json) -> str:
    return str(at(item, "metadata", "name") or "")


def namespace_of(item: Json) -> str:
    return str(at(item, "metadata", "namespace") or home.namespace())


def title_of(item: Json) -> str:
    """`Ingress shop/web`."""
    return f"{item.get('kind')} {namespace_of(item)}/{name_of(item)}"
