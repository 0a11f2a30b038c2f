"""All rules over one world."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from helpers.policies.linting import (
    addressing,
    calling,
    covering,
    exposing,
    porting,
    resolving,
    selecting,
    writing,
)
from helpers.policies.linting.case import Case
from helpers.policies.linting.findings import ERROR, NOTE, WARNING, Finding, finding
from helpers.policies.world import World

Rule = Callable[[Case], Iterator[Finding]]


def rejected(case: Case) -> Iterator[Finding]:
    """The API server rejects the object."""
    for problem in case.world.problems:
        if problem.minor:
            continue
        kind = (problem.source or {}).get("kind")
        name = problem.what.partition(" ")[2]
        yield finding(
            "rejected",
            ERROR,
            problem.source,
            problem.path,
            name if kind == "NetworkPolicy" else "",
            f"{problem.what} doesn't count: {problem.why}.",
            "Mend the field; `kubectl apply` would refuse it.",
        )


RULES: dict[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        rejected,
        *selecting.RULES,
        *covering.RULES,
        *porting.RULES,
        *exposing.RULES,
        *writing.RULES,
        *addressing.RULES,
        *resolving.RULES,
        *calling.RULES,
    )
}
"""Rule id -> the function; its docstring's first line says what it finds."""

WITHOUT_PODS = frozenset(
    {
        "rejected",
        "old-api-version",
        "types-left-out",
        "section-without-type",
        "egress-deny-without-type",
        "type-twice",
        "empty-list-allows-all",
        "allows-everything",
        "deny-in-name-only",
        "reply-rule",
        "port-name-for-address",
        "open-egress",
        "metadata-address",
        "inexact-cidr",
        "admin-port-open",
        "wide-port-range",
    }
)
"""The rules that a policy alone can break; the others compare it with pods, and are left out where there are none."""

REMARKS = frozenset({"not-in-the-input"})
"""What is said of the input rather than of a policy: no reason to fail."""

_GRAVITY = {ERROR: 0, WARNING: 1, NOTE: 2}


def about(rule: str) -> str:
    """What a rule finds, as a sentence."""
    return (inspect.getdoc(RULES[rule]) or "").partition("\n\n")[0].replace("\n", " ")


def lint(world: World | Iterable[Mapping[str, Any]], skip: Iterable[str] = ()) -> list[Finding]:
    """Every finding of every rule in a world or in objects, the gravest first; `skip` leaves rules out by id."""
    case = Case(world if isinstance(world, World) else World.of(world))
    left_out = set(skip) | (set() if case.world.pods else set(RULES) - WITHOUT_PODS)
    found = _once(one for name, rule in reversed(RULES.items()) if name not in left_out for one in rule(case))
    return sorted(
        found,
        key=lambda one: (_GRAVITY[one.severity], one.file or "", one.line or 0, one.column or 0, one.id, one.policy),
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without those whose mend another gives for the same field, or for one that it is part of."""
    kept: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        alike = kept.setdefault((one.policy, one.mend), [])
        if not any(one.path.startswith(other.path) for other in alike if other.id != one.id):
            alike.append(one)
    return [one for alike in kept.values() for one in alike]
