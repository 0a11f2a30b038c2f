"""Request bodies in Kubernetes' protobuf: what Go clients send, `kubectl create` among them.

The envelope is `k8s\\0` and a runtime.Unknown; the messages are described by `schema`. A field that isn't known and
has a value in it is refused, never dropped in silence.
"""

import base64
import json
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from helpers.localcluster.api.shapes.schema import Structure, Type, is_kind, structure

MAGIC = b"k8s\0"
DEPTH = 40
RAW, TYPE_META = 2, 1  # fields of runtime.Unknown
Wire = int | bytes


class Malformed(ValueError):
    """The bytes are no message that is known here; the text says why."""


def decode(body: bytes) -> dict[str, Any]:
    """The object as JSON would have it. Raises Malformed."""
    if not body.startswith(MAGIC):
        raise Malformed("it does not start with the Kubernetes prefix")
    try:
        envelope = dict(fields(body[len(MAGIC) :]))
        version, kind = _type_meta(_bytes(envelope.get(TYPE_META, b"")))
        if not is_kind(kind):
            raise Malformed(f"kind {kind!r} is not part of this lab's cluster")
        found = _message(structure(kind), _bytes(envelope.get(RAW, b"")), DEPTH)
        return {"apiVersion": version, "kind": kind, **found}
    except (UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise Malformed(str(error)) from error


def fields(data: bytes) -> Iterator[tuple[int, Wire]]:
    """(field number, value) of one message. Raises Malformed."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise Malformed(f"wire type {wire}")
        if place + size > len(data):
            raise Malformed("it ends in the middle of a field")
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise Malformed("it ends in the middle of a number")
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & ((1 << 64) - 1), place
    raise Malformed("a number is too long")


def _type_meta(data: bytes) -> tuple[str, str]:
    found = dict(fields(data))
    return _bytes(found.get(1, b"")).decode(), _bytes(found.get(2, b"")).decode()


def _message(known: Structure, data: bytes, depth: int) -> dict[str, Any]:
    if not depth:
        raise Malformed("it is nested too deeply")
    built: dict[str, Any] = {}
    for number, raw in fields(data):
        field = known.wire.get(number)
        if field is None:
            if raw:
                raise Malformed(f"field {number} of {known.name} isn't known here; create the object from a file")
            continue
        type = field.type
        if not field.name:
            built |= _message(structure(type.name), _bytes(raw), depth - 1)
        elif type.shape == "list" and type.item:
            built.setdefault(field.name, []).append(_value(type.item, raw, depth))
        elif type.shape == "map" and type.item:
            key, item = _entry(type.item, _bytes(raw), depth)
            built.setdefault(field.name, {})[key] = item
        else:
            value = _value(type, raw, depth)
            # Go writes fields that were never set: they are as good as absent.
            if value is not None and (field.keeps_zero or value not in ("", 0, False)):
                built[field.name] = value
    return built


def _value(type: Type, raw: Wire, depth: int) -> Any:
    if type.name in ("integer", "boolean"):
        number = _number(raw)
        return bool(number) if type.name == "boolean" else number
    data = _bytes(raw)
    scalar = _SCALARS.get(type.name)
    if scalar:
        return scalar(data)
    message = _message(structure(type.name), data, depth - 1)
    return _UNIONS[type.name](message) if type.name in _UNIONS else message


def _entry(item: Type, data: bytes, depth: int) -> tuple[str, Any]:
    """One key and value of a map; an empty value may be left out."""
    parts = dict(fields(data))
    return _bytes(parts.get(1, b"")).decode(), _value(item, parts.get(2, b""), depth)


def _bytes(raw: Wire) -> bytes:
    if not isinstance(raw, bytes):
        raise Malformed("text or a message was expected, not a number")
    return raw


def _number(raw: Wire) -> int:
    if not isinstance(raw, int):
        raise Malformed(f"a number was expected, not {len(raw)} bytes")
    return raw - (1 << 64) if raw >> 63 else raw


def _double(data: bytes) -> float:
    if len(data) != 8:
        raise Malformed(f"a fraction has 8 bytes, not {len(data)}")
    return float(struct.unpack("<d", data)[0])


def _time(data: bytes) -> str | None:
    """Seconds and nanoseconds since 1970 as text; the time that Go never set is none."""
    parts = dict(fields(data))
    seconds, nanoseconds = _number(parts.get(1, 0)), _number(parts.get(2, 0))
    if not seconds and not nanoseconds:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OSError) as error:
        raise Malformed(f"{seconds} seconds since 1970 are no time") from error
    fraction = f".{nanoseconds // 1000:06}" if nanoseconds else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _int_or_string(data: bytes) -> int | str:
    parts = dict(fields(data))
    return _bytes(parts.get(3, b"")).decode() if parts.get(1) else _number(parts.get(2, 0))


def _raw_json(data: bytes) -> Any:
    """A value that travels as JSON within protobuf."""
    try:
        return json.loads(_bytes(dict(fields(data)).get(1, b"null")) or b"null")
    except ValueError as error:
        raise Malformed(f"it holds invalid JSON: {error}") from error


_SCALARS: dict[str, Callable[[bytes], Any]] = {
    "string": lambda data: data.decode(),
    "bytes": lambda data: base64.b64encode(data).decode(),
    "number": _double,
    "time": _time,
    "Quantity": lambda data: _bytes(dict(fields(data)).get(1, b"")).decode(),
    "IntOrString": _int_or_string,
    "any": _raw_json,
}
# Parts of a JSON schema that are one of two things.
_UNIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "JSONSchemaPropsOrBool": lambda found: found.get("Schema", found.get("Allows", False)),
    "JSONSchemaPropsOrArray": lambda found: found.get("Schema", found.get("JSONSchemas", [])),
    "JSONSchemaPropsOrStringArray": lambda found: found.get("Schema", found.get("Property", [])),
}
