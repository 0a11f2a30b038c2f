"""Label and field selectors, as objects carry them and as query strings spell them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from helpers.localcluster.api.errors import bad_request
from helpers.localcluster.api.resource import Object, Resource

LONGEST = 8192  # characters of a selector in a query
Labels = Mapping[str, str]
Match = Callable[[Object], bool]

SET_TERM = re.compile(r"(\S+)\s+(in|notin)\s*\(([^)]*)\)")
EQUALITY_TERM = re.compile(r"([^\s!=]+)\s*(!=|==|=)\s*(\S*)")
PRESENCE_TERM = re.compile(r"(!?)\s*([\w./-]+)")
# What a field that is left out compares as, where that isn't "".
UNSET = {"spec.unschedulable": "false", "spec.hostNetwork": "false"}
FIELD_TERM = re.compile(r"([^=!]+)(!=|==|=)(.*)")


class Requirement(NamedTuple):
    """One condition on a label; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def met(self, labels: Labels) -> bool:
        held = labels.get(self.key)
        if self.operator == "In":
            return held in self.values
        if self.operator == "NotIn":
            return held not in self.values
        return (held is not None) == (self.operator == "Exists")


def requirements(selector: Mapping[str, Any] | None) -> list[Requirement]:
    """The conditions of a LabelSelector object (matchLabels and matchExpressions)."""
    selector = selector or {}
    return [
        *(Requirement(key, "In", (value,)) for key, value in (selector.get("matchLabels") or {}).items()),
        *(
            Requirement(item["key"], item["operator"], tuple(item.get("values") or ()))
            for item in selector.get("matchExpressions") or ()
        ),
    ]


def matches(selector: Mapping[str, Any] | None, labels: Labels | None) -> bool:
    """Whether a LabelSelector object selects these labels; an empty one selects all."""
    return all(requirement.met(labels or {}) for requirement in requirements(selector))


def parse_labels(text: str) -> list[Requirement]:
    """`app=web,tier in (a, b),!canary` as conditions. Raises ApiError BadRequest."""
    if len(text) > LONGEST:
        raise bad_request(f"a selector may have {LONGEST} characters at most")
    return [_label_term(term.strip()) for term in _split(text)] if text.strip() else []


def _split(text: str) -> list[str]:
    """The terms between the commas that stand outside parentheses."""
    terms, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            terms.append("")
        else:
            terms[-1] += character
    return terms


def _label_term(term: str) -> Requirement:
    if found := SET_TERM.fullmatch(term):
        values = tuple(value.strip() for value in found[3].split(","))
        return Requirement(found[1], "In" if found[2] == "in" else "NotIn", values)
    if found := EQUALITY_TERM.fullmatch(term):
        return Requirement(found[1], "NotIn" if found[2] == "!=" else "In", (found[3],))
    if found := PRESENCE_TERM.fullmatch(term):
        return Requirement(found[2], "DoesNotExist" if found[1] else "Exists")
    raise bad_request(
        f"unable to parse requirement: {term!r} is not a label selector; write key=value, or key in (a,b)"
    )


def format(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector object in the query spelling; `<none>` for an empty one."""
    return ",".join(_text(item) for item in sorted(requirements(selector))) or "<none>"


def _text(item: Requirement) -> str:
    if item.operator == "In" and len(item.values) == 1:
        return f"{item.key}={item.values[0]}"
    if item.operator in ("In", "NotIn"):
        return f"{item.key} {item.operator.lower()} ({','.join(sorted(item.values))})"
    return item.key if item.operator == "Exists" else f"!{item.key}"


def parse_fields(resource: Resource, text: str) -> list[tuple[list[str], bool, str]]:
    """`status.phase!=Running` as (path, equal, value). Raises ApiError BadRequest."""
    if len(text) > LONGEST:
        raise bad_request(f"a selector may have {LONGEST} characters at most")
    parsed = []
    for term in filter(None, text.split(",")):
        found = FIELD_TERM.fullmatch(term)
        if not found:
            raise bad_request(f"invalid selector: {text!r}; can't understand {term!r}")
        field = found[1]
        if field not in ("metadata.name", "metadata.namespace", *resource.field_labels):
            raise bad_request(f"field label not supported: {field}")
        parsed.append((field.split("."), found[2] != "!=", found[3]))
    return parsed


def _field(obj: Object, path: list[str]) -> str:
    value: Any = obj
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if path == ["source"] and isinstance(value, dict):
        return str(value.get("component", ""))
    return UNSET.get(".".join(path), "") if value is None else str(value)


def selection(resource: Resource, labels: str | None, fields: str | None) -> Match | None:
    """A test for objects from the two query strings, or None when they limit nothing."""
    wanted = parse_labels(labels or "")
    paths = parse_fields(resource, fields or "")
    if not wanted and not paths:
        return None

    def match(obj: Object) -> bool:
        held = obj["metadata"].get("labels") or {}
        return all(item.met(held) for item in wanted) and all(
            (_field(obj, path) == value) == equal for path, equal, value in paths
        )

    return match
