"""One YAML document as plain data, with libyaml where it is built in.

Not `yaml.safe_load`, for hostile text: here depth is bounded, aliases may not multiply the data, repeated keys are
refused as kubectl does, and dates stay text as they do in Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from yaml import events

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 100
MOST_ALIASED = 200_000
"""How many values aliases may repeat in one document."""

_SPECIAL = re.compile(r"[-+.~\dyYnNtTfFoO]|\Z").match
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)").fullmatch
_BASED = re.compile(r"([-+]?)(0x[\da-fA-F]+|0o[0-7]+|0b[01]+|0[0-7]+)").fullmatch
_FLOAT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?").fullmatch
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {word: True for name in ("true", "yes", "on") for word in (name, name.title(), name.upper())}
_WORDS |= {word: False for name in ("false", "no", "off") for word in (name, name.title(), name.upper())}
_MERGE = "<<"


class BadYaml(ValueError):
    """The text can't be read; `line` counts from 0 within the document, None when it has no place."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


def load(text: str) -> list[Any]:
    """The values of a text, one a document; raises BadYaml."""
    try:
        return _Builder().build(iter(Loader(text).get_event, None))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(f"this is no valid YAML: {_told(error)}", mark.line if mark else None) from None
    except yaml.YAMLError as error:
        raise BadYaml(f"this is no valid YAML: {str(error).splitlines()[0][:200]}") from None
    except RecursionError:
        raise BadYaml("the YAML is nested too deep") from None


def _told(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "it breaks off")
    return "a tab can't indent; use spaces" if r"\t" in problem else problem[:200]


def scalar(text: str, plain: bool) -> Any:
    """A scalar's value; only plain ones can be other than text."""
    if not plain or not _SPECIAL(text):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER(text) and len(text) < 40:
        return int(text)
    based = _BASED(text)
    if based and len(text) < 40:
        sign, digits = based.groups()
        digits = digits if digits[1] in "xob" else f"0o{digits[1:]}"
        return int(sign + digits, 0)
    return float(text) if _FLOAT(text) and len(text) < 400 else text


class _Builder:
    """Builds values from the parser's events without recursion.

    `_into` is the mapping or list that is being filled, `_key` a mapping's key that waits for its value.
    """

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._aliased = 0
        self._count = 0
        self._values: list[Any] = []
        self._into: Any = self._values
        self._key: str | None = None
        self._open: list[_Open] = []

    def build(self, stream: Iterator[Any]) -> list[Any]:
        for event in stream:
            kind = type(event)
            if kind is events.ScalarEvent:
                self._count += 1
                value = event.value
                if event.tag is not None and event.tag != "!":
                    value = _tagged(event)
                elif event.implicit[0] and _SPECIAL(value):
                    value = scalar(value, True)
                if event.anchor:
                    self._anchors[event.anchor] = (value, 1)
                if self._key is None and type(value) is str and type(self._into) is dict:
                    self._key = value
                else:
                    self._put(value, event)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                if len(self._open) >= DEEPEST:
                    raise BadYaml(f"the YAML is nested deeper than {DEEPEST} levels", event.start_mark.line)
                self._open.append(_Open(self._into, self._key, event.anchor, self._count))
                self._into, self._key = {} if kind is events.MappingStartEvent else [], None
                self._count += 1
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                done, outer = self._into, self._open.pop()
                if outer.anchor:
                    self._anchors[outer.anchor] = (done, self._count - outer.before)
                self._into, self._key = outer.into, outer.key
                self._put(done, event)
            elif kind is events.AliasEvent:
                self._put(self._alias(event), event)
            elif kind is events.DocumentStartEvent:
                self._anchors.clear()
        return self._values

    def _put(self, value: Any, event: Any) -> None:
        into, key = self._into, self._key
        if type(into) is list:
            into.append(value)
        elif key is None:
            self._key = _key(value, event)
        else:
            self._key = None
            if key == _MERGE and isinstance(value, dict | list):
                _merge(into, value, event)
            elif key in into:
                raise BadYaml(f'the key "{key[:100]}" is there twice', event.start_mark.line)
            else:
                into[key] = value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise BadYaml(f"the alias *{event.anchor} has no anchor before it", event.start_mark.line)
        value, size = self._anchors[event.anchor]
        self._aliased += size
        self._count += size
        if self._aliased > MOST_ALIASED:
            raise BadYaml("aliases repeat too much data", event.start_mark.line)
        return value


class _Open(NamedTuple):
    """What was being filled, with its key, when a mapping or list began in it, and the count of values until then."""

    into: Any
    key: str | None
    anchor: str | None
    before: int


def _key(value: Any, event: Any) -> str:
    """Keys are text in Kubernetes; numbers and truth values are written out."""
    if type(value) is str:
        return value
    if isinstance(value, dict | list):
        raise BadYaml("a key must be text, not a mapping or list", event.start_mark.line)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _merge(target: dict[str, Any], value: Any, event: Any) -> None:
    for source in value if isinstance(value, list) else [value]:
        if not isinstance(source, dict):
            raise BadYaml("<< needs a mapping", event.start_mark.line)
        for key, entry in source.items():
            target.setdefault(key, entry)


def _tagged(event: Any) -> Any:
    """A scalar with a tag: the core schema's are obeyed, others leave text."""
    if event.tag in (
        "tag:yaml.org,2002:int",
        "tag:yaml.org,2002:float",
        "tag:yaml.org,2002:bool",
        "tag:yaml.org,2002:null",
    ):
        return scalar(event.value, True)
    return event.value
