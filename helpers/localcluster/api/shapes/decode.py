"""From a request's body to an object of known fields: parse, check types, find unknown fields."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from helpers.localcluster.api.errors import bad_request, unsupported_media_type
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.shapes import custom
from helpers.localcluster.api.shapes.schema import Type

JSON_TYPES = {str: "string", bool: "bool", dict: "object", list: "array", int: "number", float: "number"}
GO_TYPES = {
    "integer": "int32",
    "boolean": "bool",
    "time": "Time",
    "bytes": "[]byte",
    "IntOrString": "intstr.IntOrString",
}
INT32 = range(-(1 << 31), 1 << 31)
INT64 = range(-(1 << 63), 1 << 63)
LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
PROTOBUF = "application/vnd.kubernetes.protobuf"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Mismatch(NamedTuple):
    """A value of the wrong type."""

    path: str
    wanted: str
    got: str


def parse(content_type: str, body: bytes) -> tuple[Any, list[str]]:
    """The body's value and the names of duplicate JSON fields. Raises ApiError 400 or 415."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == PROTOBUF:
        from helpers.localcluster.api.shapes import protobuf

        try:
            return protobuf.decode(body), []
        except protobuf.Malformed as error:
            raise bad_request(f"the protobuf body can't be read: {error}") from error
    if media_type not in ("", "application/json") and not media_type.endswith("-patch+json"):
        raise unsupported_media_type(("application/json", PROTOBUF))
    return parse_json(body)


def parse_json(body: bytes) -> tuple[Any, list[str]]:
    """JSON as a value, and the names of fields that an object gives twice."""
    duplicates: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(name for name, _ in pairs)
            duplicates.extend(sorted(name for name, count in counted.items() if count > 1))
        return found

    try:
        value = json.loads(body, object_pairs_hook=collect, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the body is not valid JSON: {error}") from error
    return (_mend_text(value) if LONE_SURROGATE.search(body) else value), duplicates


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _mend_text(value: Any) -> Any:
    """Half of a surrogate pair cannot be stored as UTF-8; it becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_mend_text(item) for item in value]
    if isinstance(value, dict):
        return {_mend_text(key): _mend_text(item) for key, item in value.items()}
    return value


class Decoder:
    """Builds a clean copy of a value: known fields only, nothing null.

    `unknown` and `mismatches` list what was wrong, by path.
    """

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.mismatches: list[Mismatch] = []

    def value(self, value: Any, type: Type, path: str = "") -> Any:
        if type.shape == "list":
            return self._list(value, type, path)
        if type.shape == "map":
            return self._map(value, type, path)
        if type.structure:
            return self._structure(value, type, path)
        if not _fits(value, type.name):
            self._mismatch(path, type, value)
        return value

    def _structure(self, value: Any, type: Type, path: str) -> Any:
        known = type.structure
        assert known
        if not isinstance(value, dict):
            return self._mismatch(path, type, value)
        built = {}
        for name, item in value.items():
            place = f"{path}.{name}" if path else name
            if name not in known.fields:
                self.unknown.append(place)
            elif item is not None:
                built[name] = self.value(item, known.fields[name], place)
        return built

    def _list(self, value: Any, type: Type, path: str) -> Any:
        item_type = type.item
        assert item_type
        if not isinstance(value, list):
            return self._mismatch(path, type, value)
        # As in Go, a null in a list is the empty value: `ingress: [null]` is `ingress: [{}]`.
        empty: Any = {} if item_type.structure or item_type.shape == "map" else ""
        return [
            self.value(empty if item is None else item, item_type, f"{path}[{position}]")
            for position, item in enumerate(value)
        ]

    def _map(self, value: Any, type: Type, path: str) -> Any:
        if not isinstance(value, dict):
            return self._mismatch(path, type, value)
        item_type = type.item
        assert item_type
        return {
            name: self.value("" if item is None else item, item_type, f"{path}.{name}") for name, item in value.items()
        }

    def _mismatch(self, path: str, type: Type, value: Any) -> Any:
        got = JSON_TYPES.get(value.__class__, "null")
        if isinstance(value, int | float) and not isinstance(value, bool):
            got += f" {value}"
        wanted = GO_TYPES.get(type.name, type.name.replace("{}", "map[string]"))
        self.mismatches.append(Mismatch(path, wanted, got))
        return value


def _fits(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name in ("boolean", "any")
    if isinstance(value, int):
        return (value in INT32 if name == "IntOrString" else value in INT64) and name in (
            "integer",
            "number",
            "IntOrString",
            "Quantity",
            "any",
        )
    if isinstance(value, float):
        return name in ("number", "Quantity", "any")
    if isinstance(value, str):
        if name == "time":
            return TIME.fullmatch(value) is not None
        return name in ("string", "bytes", "IntOrString", "Quantity", "any")
    return name == "any"


def decode(value: Any, type: Type, version: str, mode: str, duplicates: Iterable[str] = ()) -> tuple[Any, list[str]]:
    """A clean object, and warnings about fields that were dropped.

    `mode` is Kubernetes' fieldValidation: Strict refuses unknown and duplicate
    fields, Warn drops them and says so, Ignore drops them. Raises ApiError 400.
    """
    kind = type.name
    head = f'{kind} in version "{version}" cannot be handled as a {kind}'
    if not isinstance(value, dict):
        raise bad_request(f"{head}: the body is no object")
    decoder = Decoder()
    clean = decoder.value(value, type)
    if decoder.mismatches:
        wrong = decoder.mismatches[0]
        place = f"Go struct field {kind}.{wrong.path} of type {wrong.wanted}"
        raise bad_request(f"{head}: json: cannot unmarshal {wrong.got} into {place}")
    return clean, _oddities(head, mode, decoder.unknown, duplicates)


def _oddities(head: str, mode: str, unknown: Iterable[str], duplicates: Iterable[str]) -> list[str]:
    """Warnings about fields that were dropped. Raises ApiError 400 where they are refused."""
    odd = [
        *(f'unknown field "{path}"' for path in unknown),
        *(f'duplicate field "{name}"' for name in duplicates),
    ]
    if odd and mode == "Strict":
        raise bad_request(f"{head}: strict decoding error: {', '.join(odd)}")
    return odd if mode in ("", "Warn") else []


def decode_custom(value: Any, resource: Resource, mode: str, duplicates: Iterable[str]) -> tuple[Any, list[str]]:
    """As `decode`, by the schema of a CustomResourceDefinition."""
    head = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
    if not isinstance(value, dict):
        raise bad_request(f"{head}: the body is no object")
    given = value.get("metadata") or {}
    metadata, warnings = decode(given, Type.parse("ObjectMeta"), resource.version, mode)
    clean, unknown = custom.prune(resource.custom or {}, {**value, "metadata": metadata})
    return clean, warnings + _oddities(head, mode, unknown, duplicates)


def missing(value: Any, type: Type, path: str = "") -> list[str]:
    """Paths of required fields that aren't there."""
    if type.shape != "plain" and type.item:
        if type.shape == "list":
            pairs = [(f"{path}[{position}]", item) for position, item in enumerate(value)]
        else:
            pairs = [(f"{path}.{name}", item) for name, item in value.items()]
        return [found for place, item in pairs for found in missing(item, type.item, place)]
    known = type.structure
    if not known or not isinstance(value, dict):
        return []
    prefix = f"{path}." if path else ""
    absent = [prefix + name for name in known.required if name not in value]
    return absent + [
        found
        for name, item in value.items()
        if name in known.fields
        for found in missing(item, known.fields[name], prefix + name)
    ]
