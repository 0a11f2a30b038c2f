"""Where an object was read: file, document, and the line of any field in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

_LONGEST = 2_000_000
"""Longer documents are not searched for the line of a field: that would take seconds."""

_STEPS = re.compile(r"[^.\[\]]+|\[\d+\]")


class Position(NamedTuple):
    """Line and column in the file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Place:
    """An object's place; `text` is its document's text, which begins on line `line`, `inside` the path to the object
    when its document is a List."""

    file: str
    document: int
    line: int
    text: str = field(repr=False, default="")
    inside: str = ""

    def __str__(self) -> str:
        where = f"{self.file}, document {self.document} (line {self.line})"
        return f"{where}, {self.inside}" if self.inside else where

    def find(self, path: str = "") -> Position:
        """The position of a field such as `spec.ingress[0].ports[0].port`; of the nearest parent that exists."""
        if len(self.text) > _LONGEST:
            return Position(self.line, 1)
        steps = _STEPS.findall(f"{self.inside}.{path}" if self.inside else path)
        return _find(self.text, self.line, tuple(steps))


class Manifest(dict[str, Any]):
    """An object that knows its place."""

    __slots__ = ("place",)

    def __init__(self, value: Mapping[str, Any], place: Place) -> None:
        super().__init__(value)
        self.place = place


def place_of(item: Mapping[str, Any]) -> Place | None:
    """Where an object was read; None for one that came from a cluster or from code."""
    return getattr(item, "place", None)


def where(item: Mapping[str, Any], path: str = "") -> str:
    """`file, document 2, line 31` of an object's field, or nothing when it was not read from text."""
    place = place_of(item)
    if place is None:
        return ""
    line = place.find(path).line if path else place.line
    return f"{place.file}, document {place.document}, line {line}"


@lru_cache(maxsize=8)
def _composed(text: str) -> Any:
    import yaml

    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return None


def _find(text: str, line: int, steps: tuple[str, ...]) -> Position:
    node = _composed(text)
    mark = node.start_mark if node is not None else None
    for step in steps:
        found = _child(node, step)
        if found is None:
            break
        mark, node = found
    return Position(line + mark.line, mark.column + 1) if mark is not None else Position(line, 1)


def _child(node: Any, step: str) -> tuple[Any, Any] | None:
    """(mark, node) of a mapping's field, marked at its key, or of a list's item."""
    kind = getattr(node, "id", "")
    if kind == "mapping":
        for key, value in node.value:
            if getattr(key, "value", None) == step:
                return key.start_mark, value
    elif kind == "sequence" and step.startswith("["):
        index = int(step[1:-1])
        if index < len(node.value):
            return node.value[index].start_mark, node.value[index]
    return None
