"""Read a label selector as a learner types it: like `kubectl get -l`, or like a policy's matchLabels."""

import re
from collections.abc import Iterator
from typing import Any

from helpers.lab.errors import LabError

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_SET = re.compile(rf"^({_KEY})\s+(in|notin)\s*\(([^()]*)\)$", re.IGNORECASE)
_EQUAL = re.compile(rf"^({_KEY})\s*(==|=|!=|:)\s*({_VALUE})$")
_EXISTS = re.compile(rf"^(!?)\s*({_KEY})$")


def read_selector(text: str) -> dict[str, Any]:
    """A LabelSelector from text such as `app=web`, `app: web`, `tier in (a, b)`, `!canary`, joined by commas.

    An empty text selects everything. Raises LabError with the part that cannot be read.
    """
    labels: dict[str, str] = {}
    expressions: list[dict[str, Any]] = []
    for part in _parts(text):
        key, operator, values = _requirement(part)
        if operator == "In" and len(values) == 1 and key not in labels:
            labels[key] = values[0]
        else:
            expressions.append({"key": key, "operator": operator} | ({"values": values} if values else {}))
    return ({"matchLabels": labels} if labels else {}) | ({"matchExpressions": expressions} if expressions else {})


def _requirement(part: str) -> tuple[str, str, list[str]]:
    if found := _SET.match(part):
        values = [value.strip() for value in found[3].split(",")]
        if bad := next((value for value in values if not re.fullmatch(_VALUE, value)), None):
            raise LabError(f"{bad!r} cannot be a label's value: letters, digits, - _ and . only.")
        return found[1], "In" if found[2].lower() == "in" else "NotIn", values
    if found := _EQUAL.match(part):
        return found[1], "NotIn" if found[2] == "!=" else "In", [found[3]]
    if found := _EXISTS.match(part):
        return found[2], "DoesNotExist" if found[1] else "Exists", []
    raise LabError(
        f"{part!r} is no selector. Write it like app=frontend, app in (frontend, cartservice), "
        "app!=frontend, app or !app; join several with commas."
    )


def _parts(text: str) -> Iterator[str]:
    """The requirements, split at commas and line ends outside of parentheses."""
    for part in re.findall(r"(?:[^,\n(]++|\([^()]*+\)|\()++", text):
        if part.strip():
            yield part.strip()
