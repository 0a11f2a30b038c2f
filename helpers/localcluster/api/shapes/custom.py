"""Objects of kinds that a CustomResourceDefinition adds: what their OpenAPI schema prunes, fills in and refuses."""

import re
from collections.abc import Iterator
from typing import Any

from helpers.localcluster.api.resource import Object
from helpers.policies.errors import FieldError, invalid, required, unsupported

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
COMMON = ("apiVersion", "kind", "metadata")
SIZES = ((str, "Length"), (list, "Items"), (dict, "Properties"))
DEEPEST = 60
# A pattern with a repetition of repetitions can take for ever to say no; those are taken on trust.
TOO_CLEVER = re.compile(r"[+*}]\)[+*{]|\)[+*{].*\)[+*{]")
LONGEST_MATCHED = 1000  # characters


def prune(schema: Object, value: Any, path: str = "") -> tuple[Any, list[str]]:
    """The value without fields that the schema doesn't know, and their paths."""
    unknown: list[str] = []
    return _pruned(schema, value, path, unknown), unknown


def _pruned(schema: Object, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        inner = schema.get("items") or {}
        return [_pruned(inner, item, f"{path}[{place}]", unknown) for place, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        place = f"{path}.{name}" if path else name
        if not path and name in COMMON:
            kept[name] = item
        elif (inner := _field(schema, name)) is not None:
            kept[name] = _pruned(inner, item, place, unknown)
        else:
            unknown.append(place)
    return kept


def _field(schema: Object, name: str) -> Object | None:
    """The schema of one field; None for a field that isn't known."""
    known = (schema.get("properties") or {}).get(name)
    if isinstance(known, dict):
        return known
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return others
    free = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    return {"x-kubernetes-preserve-unknown-fields": True} if others or free or not schema.get("type") else None


def fill(schema: Object, value: Any) -> Any:
    """The value with the schema's defaults."""
    if isinstance(value, list):
        return [fill(schema.get("items") or {}, item) for item in value]
    if not isinstance(value, dict):
        return value
    known = (schema.get("properties") or {}).items()
    missing = {name: inner["default"] for name, inner in known if "default" in inner and value.get(name) is None}
    return {name: fill(_field(schema, name) or {}, item) for name, item in {**value, **missing}.items()}


def check(schema: Object, value: Any, path: str = "") -> Iterator[FieldError]:
    """What the schema says against the value."""
    if value is None and schema.get("nullable"):
        return
    wanted = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, int | str) or isinstance(value, bool):
            yield _wrong(path, value, "must be of type integer or string")
        return
    if wanted and (not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")):
        yield _wrong(path, value, f"must be of type {wanted}")
        return
    if schema.get("enum") and value not in schema["enum"]:
        yield unsupported(path, value, tuple(map(str, schema["enum"])))
    yield from _bounds(schema, value, path)
    if isinstance(value, dict):
        yield from _check_fields(schema, value, path)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from check(schema.get("items") or {}, item, f"{path}[{place}]")


def _check_fields(schema: Object, value: Object, path: str) -> Iterator[FieldError]:
    prefix = f"{path}." if path else ""
    for name in schema.get("required") or ():
        if value.get(name) is None:
            yield required(prefix + name)
    for name, item in value.items():
        if item is not None and (path or name not in COMMON):
            yield from check(_field(schema, name) or {}, item, prefix + name)


def _bounds(schema: Object, value: Any, path: str) -> Iterator[FieldError]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        lowest, highest = schema.get("minimum"), schema.get("maximum")
        if lowest is not None and (value < lowest or (value == lowest and schema.get("exclusiveMinimum"))):
            yield _wrong(path, value, f"should be greater than or equal to {lowest}")
        if highest is not None and (value > highest or (value == highest and schema.get("exclusiveMaximum"))):
            yield _wrong(path, value, f"should be less than or equal to {highest}")
    kind = next((name for type, name in SIZES if isinstance(value, type)), "")
    if kind and len(value) < schema.get(f"min{kind}", 0):
        yield _wrong(path, value, f"should have at least {schema[f'min{kind}']} {kind.lower()}")
    if kind and len(value) > schema.get(f"max{kind}", len(value)):
        yield _wrong(path, value, f"should have at most {schema[f'max{kind}']} {kind.lower()}")
    if isinstance(value, str) and not _matches(schema.get("pattern") or "", value):
        yield _wrong(path, value, f"should match '{schema['pattern']}'")


def _matches(pattern: str, text: str) -> bool:
    taken_on_trust = TOO_CLEVER.search(pattern) or len(text) > LONGEST_MATCHED
    return bool(taken_on_trust or re.search(pattern, text))


def _wrong(path: str, value: Any, rule: str) -> FieldError:
    return invalid(path, value, f"{path} in body {rule}")


def faults(schema: Any, path: str, depth: int = 0) -> Iterator[FieldError]:
    """What makes a schema unusable."""
    if not isinstance(schema, dict):
        yield invalid(path, schema, "must be an object")
        return
    if depth > DEEPEST:
        yield invalid(path, "", f"may not be nested deeper than {DEEPEST}")
        return
    kind = schema.get("type")
    if kind is not None and kind not in TYPES:
        yield unsupported(f"{path}.type", kind, tuple(TYPES))
    try:
        re.compile(schema.get("pattern") or "")
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        yield invalid(f"{path}.pattern", schema["pattern"], f"must be a regular expression: {error}")
    for name in ("enum", "required"):
        if not isinstance(schema.get(name) or [], list):
            yield invalid(f"{path}.{name}", schema[name], "must be an array")
    for name in (f"{side}{what}" for side in ("min", "max") for what in ("imum", "Length", "Items", "Properties")):
        number = schema.get(name, 0)
        if isinstance(number, bool) or not isinstance(number, int | float):
            yield invalid(f"{path}.{name}", schema[name], "must be a number")
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        yield invalid(f"{path}.properties", properties, "must be an object")
        return
    for name, inner in properties.items():
        yield from faults(inner, f"{path}.properties[{name}]", depth + 1)
    for name in ("items", "additionalProperties"):
        inner = schema.get(name)
        if inner is not None and not (name == "additionalProperties" and isinstance(inner, bool)):
            yield from faults(inner, f"{path}.{name}", depth + 1)
