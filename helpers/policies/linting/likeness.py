"""What a name or a label that fits nothing was meant to be: a near one that exists, or nothing at all.

A wrong guess sends the reader astray, so that only a typing error, or the same value under another key, is near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from helpers.policies.model.selectors import Requirement, Selector, holds
from helpers.policies.wording import nearest

Labels = Mapping[str, str]

_PARTS = re.compile(r"[^\W\d_]+|\d+")
_LONG = 8
"""From this length on a word may be two letters off."""

_SAYING_NOTHING = frozenset(
    {
        "",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "enabled",
        "disabled",
        "allow",
        "allowed",
        "deny",
        "denied",
        "default",
        "helm",
        "prod",
        "production",
        "dev",
        "staging",
        "test",
    }
)
"""Values that labels of any meaning have."""


def misspelt(name: str, known: Sequence[str]) -> str:
    """The known name of which this one is a misspelling; empty when there is none."""
    lowered = {other.lower(): other for other in known if other != name}
    return next(
        (lowered[other] for other in nearest(name.lower(), list(lowered), most=5, alike=0.5) if _one_word(name, other)),
        "",
    )


def _one_word(one: str, other: str) -> bool:
    """Whether two names differ by typing errors only: `web-1` and `web-2`, or `team-a` and `team-b`, are two names."""
    ours, theirs = _parts(one), _parts(other)
    if [part for part in ours if part.isdigit()] != [part for part in theirs if part.isdigit()]:
        return False
    if "".join(ours) == "".join(theirs):
        return True
    if len(ours) != len(theirs):
        return len(one) >= _LONG and off(one, other) == 1
    return all(mine == yours or _typing_error(mine, yours) for mine, yours in zip(ours, theirs, strict=True))


def _parts(name: str) -> list[str]:
    return _PARTS.findall(name.lower()[:100])


def _typing_error(one: str, other: str) -> bool:
    longer = max(len(one), len(other))
    if longer < 3 and len(one) == len(other) and sorted(one) != sorted(other):
        return False
    return off(one, other) <= (2 if longer >= _LONG else 1)


def off(one: str, other: str) -> int:
    """How many letters are missing, too many, wrong or swapped with their neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, mine in enumerate(one, 1):
        current = [row]
        for column, yours in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (mine != yours))
            if row > 1 and column > 1 and mine == other[column - 2] and one[row - 2] == yours:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]


def near_label(selector: Selector, known: Iterable[Labels]) -> str:
    """The label, such as `app=frontend`, that the first requirement which nobody meets was meant to be; or nothing."""
    everybody = list({id(labels): labels for labels in known}.values())
    for requirement in selector.requirements:
        if requirement[1] in ("In", "Exists") and not any(holds(requirement, labels) for labels in everybody):
            found = next(_meant(requirement, everybody), "")
            if found:
                return found
    return ""


def _meant(requirement: Requirement, everybody: Sequence[Labels]) -> Iterator[str]:
    key, operator, values = requirement
    keys = sorted({other for labels in everybody for other in labels})
    if operator == "Exists":
        yield from filter(None, [misspelt(key, keys)])
        return
    of_key = sorted({labels[key] for labels in everybody if key in labels})
    for value in sorted(values):
        if misspelt(value, of_key):
            yield f"{key}={misspelt(value, of_key)}"
        if value.lower() not in _SAYING_NOTHING and not value.isdigit():
            yield from (f"{other}={value}" for other in keys if any(labels.get(other) == value for labels in everybody))
