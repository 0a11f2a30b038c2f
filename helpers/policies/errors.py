"""What the API server says about an object that it rejects, one record an error; and how a wrong question is answered.

The form is the server's: `FIELD: KIND: VALUE: DETAIL`, for example
`spec.ingress[0].ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

INVALID = "Invalid value"
REQUIRED = "Required value"
FORBIDDEN = "Forbidden"
UNSUPPORTED = "Unsupported value"
UNKNOWN_FIELD = "unknown field"
WRONG_TYPE = "wrong type"

_WITHOUT_VALUE = frozenset({REQUIRED, FORBIDDEN})
_DECODING = frozenset({UNKNOWN_FIELD, WRONG_TYPE})


class Question(Exception):
    """Something was asked that has no answer; `str()` is half a sentence, for others to complete."""

    step = ""
    """What to do next, as a sentence."""

    @property
    def sentence(self) -> str:
        """The whole of it. A near name needs no further step."""
        text = str(self)
        text = text[:1].upper() + text[1:]
        return text if text.endswith(("?", ".")) else f"{text}. {self.step}".rstrip()

    def _render_traceback_(self) -> list[str]:
        """IPython asks for the lines to show in place of a traceback."""
        return [self.sentence]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One reason to reject an object; `str()` gives it as the API server prints it."""

    field: str
    kind: str
    value: object
    detail: str

    @property
    def decoding(self) -> bool:
        """Whether the object could not even be decoded (400 Bad Request), rather than being invalid (422)."""
        return self.kind in _DECODING

    def __str__(self) -> str:
        if self.kind == UNKNOWN_FIELD:
            return f'unknown field "{self.field}"'
        if self.kind == WRONG_TYPE:
            return f"{self.field}: {self.detail}"
        parts = [self.field, self.kind]
        if self.kind not in _WITHOUT_VALUE:
            parts.append(quote(self.value))
        return ": ".join([*parts, self.detail] if self.detail else parts)


def quote(value: object) -> str:
    """A value as the API server writes it in an error: strings quoted, numbers bare, the rest as JSON."""
    if isinstance(value, str):
        return json.dumps(value[:1000], ensure_ascii=False)
    if value is None:
        return "null"
    try:
        return json.dumps(value, default=str, separators=(",", ":"))[:200]
    except (TypeError, ValueError, RecursionError):
        return f"<{type(value).__name__}>"


def invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError(field, INVALID, value, detail)


def required(field: str, detail: str = "") -> FieldError:
    return FieldError(field, REQUIRED, None, detail)


def forbidden(field: str, detail: str) -> FieldError:
    return FieldError(field, FORBIDDEN, None, detail)


def unsupported(field: str, value: object, supported: tuple[str, ...]) -> FieldError:
    return FieldError(field, UNSUPPORTED, value, "supported values: " + ", ".join(f'"{name}"' for name in supported))


def unknown_field(field: str, value: object) -> FieldError:
    return FieldError(field[:1000], UNKNOWN_FIELD, value, "")


def wrong_type(field: str, value: object, wanted: str) -> FieldError:
    return FieldError(field, WRONG_TYPE, value, f"must be {wanted}, not {type_name(value)}")


def type_name(value: object) -> str:
    """The YAML word for a value's type, with its article."""
    if value is None:
        return "null"
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (dict, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
)
