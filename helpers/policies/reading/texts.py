"""Text to objects: multi-document YAML, JSON and Lists, with the place of each object.

What can't be read becomes a Problem with file, document and line, and the rest goes on. Hostile text is safe:
aliases, depth and size are bounded, and nothing is constructed but plain data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from helpers.policies.reading.gathering import Problem
from helpers.policies.reading.kinds import KUSTOMIZATIONS, KUSTOMIZE_API
from helpers.policies.reading.places import Manifest, Place

MOST_BYTES = 64 << 20
"""The longest text that is read."""

_MARKER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_NOTHING = re.compile(r"(?:\s++|[#%][^\n]*+|\.\.\.)*+\Z").match
"""Possessive: a banner of # must not be tried in every way that it can be cut."""
_is_template = re.compile(r"\{\{-?\s").search
_TEMPLATE = (
    "this is a template, not yet YAML: render it, for example with `helm template CHART`, and give the result with -f -"
)
_DEEPEST_LIST = 20


@dataclass(slots=True)
class Reading:
    """What was read: objects as Manifests in order, and what couldn't be."""

    objects: list[Manifest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(content: str | bytes, name: str = "<text>", into: Reading | None = None) -> Reading:
    """Read one file's content, YAML or JSON; `name` is the file's for messages."""
    result = Reading() if into is None else into
    if len(content) > MOST_BYTES:
        size = f"{len(content) / (1 << 20):.0f} MB"
        result.problems.append(Problem("", f"the file has {size}, and {MOST_BYTES >> 20} MB is the most", name))
        return result
    try:
        text = decode(content) if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        result.problems.append(Problem("", f"this is no text in UTF-8 (byte {error.start})", name))
        return result
    if text.lstrip()[:1] in ("{", "[") and _read_json(text, name, result):
        return result
    for number, (line, document) in enumerate(documents(text), 1):
        _read_yaml(document, Place(name, number, line, document), result)
    return result


def decode(content: bytes) -> str:
    """Bytes as text: UTF-8, or UTF-16 with its byte order mark."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def documents(text: str) -> Iterator[tuple[int, str]]:
    """(first line, text) of each YAML document that isn't empty; a faulty one can't hide those after it."""
    start, line = 0, 1
    for end in [*(found.start() for found in _MARKER.finditer(text)), len(text)]:
        document = text[start:end]
        if not _NOTHING(document.removeprefix("---")):
            yield line, document
        line += document.count("\n")
        start = end


def _read_json(text: str, name: str, result: Reading) -> bool:
    """Whether the text is JSON; YAML in flow style isn't, and is tried as YAML."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    _add(value, Place(name, 1, 1, text), result)
    return True


def _read_yaml(document: str, place: Place, result: Reading) -> None:
    from helpers.policies.reading.yamltext import BadYaml, load

    try:
        values = load(document)
    except BadYaml as error:
        where = (
            place.file
            if error.line is None
            else f"{place.file}, document {place.document}, line {place.line + error.line}"
        )
        reason = _TEMPLATE if _is_template(document) else error.reason
        result.problems.append(Problem("", reason, where))
        return
    for value in values:
        _add(value, place, result)


def _add(value: Any, place: Place, result: Reading, depth: int = 0) -> None:
    """Add an object, or the items of a List, each with its own place."""
    if value is None:
        return
    if isinstance(value, list) and depth == 0:
        value = {"kind": "List", "items": value}
        _add_items(value, place, result, depth, "")
    elif not isinstance(value, dict):
        result.problems.append(Problem("", "this is no Kubernetes object: an object is a mapping", str(place)))
    elif isinstance(value.get("items"), list) and str(value.get("kind", "List")).endswith("List"):
        _add_items(value, place, result, depth, "items")
    elif place.file.replace("\\", "/").rpartition("/")[2] in KUSTOMIZATIONS:
        result.objects.append(Manifest({"apiVersion": KUSTOMIZE_API, "kind": "Kustomization", **value}, place))
    elif not isinstance(value.get("kind"), str) or not value["kind"]:
        result.problems.append(Problem("", "this is no Kubernetes object: it has no kind", str(place), minor=True))
    else:
        result.objects.append(Manifest(value, place))


def _add_items(value: dict[str, Any], place: Place, result: Reading, depth: int, field_name: str) -> None:
    if depth >= _DEEPEST_LIST:
        result.problems.append(Problem("", "Lists are nested too deep", str(place)))
        return
    kind = str(value.get("kind") or "").removesuffix("List")
    for index, item in enumerate(value["items"]):
        if kind and isinstance(item, dict) and not item.get("kind"):
            item = {**item, "kind": kind}
        path = f"{place.inside}.{field_name}[{index}]".lstrip(".")
        _add(item, Place(place.file, place.document, place.line, place.text, path), result, depth + 1)
