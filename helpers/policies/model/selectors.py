"""Label selectors: matchLabels and matchExpressions, as one list of requirements that are ANDed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Requirement = tuple[str, str, frozenset[str]]
"""(key, operator, values); matchLabels become `In` with one value."""

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Selector(NamedTuple):
    """A selector whose requirements must all hold; without requirements it selects everything.

    A tuple, because selectors are looked up in tables all the time.
    """

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        for requirement in self.requirements:  # noqa: SIM110 - a loop is twice as fast, and each connection asks
            if not holds(requirement, labels):
                return False
        return True

    def misses(self, labels: Mapping[str, str]) -> list[Requirement]:
        """The requirements that these labels don't meet."""
        return [requirement for requirement in self.requirements if not holds(requirement, labels)]

    def __str__(self) -> str:
        return ", ".join(map(describe, self.requirements)) or "everything"


EVERYTHING = Selector()


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether labels meet one requirement; NotIn and DoesNotExist hold when the key is missing."""
    key, operator, values = requirement
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    return (key in labels) is (operator == "Exists")


def describe(requirement: Requirement) -> str:
    """A requirement as kubectl writes it: `app=web`, `tier in (a, b)`, `!canary`."""
    key, operator, values = requirement
    listed = ", ".join(sorted(values))
    if operator == "In":
        return f"{key}={listed}" if len(values) == 1 else f"{key} in ({listed})"
    if operator == "NotIn":
        return f"{key} notin ({listed})"
    return key if operator == "Exists" else f"!{key}"


def parse_selector(selector: Mapping[str, Any] | None) -> Selector:
    """A validated LabelSelector as a Selector; missing or empty selects everything."""
    if not selector:
        return EVERYTHING
    requirements: set[Requirement] = set()
    for key, value in (selector.get("matchLabels") or {}).items():
        requirements.add((key, "In", frozenset((value,))))
    for expression in selector.get("matchExpressions") or ():
        values = frozenset(expression.get("values") or ())
        requirements.add((expression["key"], expression["operator"], values))
    if len(requirements) == 1:
        return Selector(tuple(requirements))
    return Selector(tuple(sorted(requirements, key=lambda item: (item[0], item[1], sorted(item[2])))))
