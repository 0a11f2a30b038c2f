"""The part of a large cluster that a proposal is about, so that its graph stays readable and quick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from helpers.display.widgets.plan import Json
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.reach import OUTSIDE, workload_of
from helpers.display.widgets.yamltext import key
from helpers.policies import World

MOST = 40
"""Up to so many workloads all are drawn."""


def focus(proposal: Proposal) -> frozenset[str] | None:
    """The workloads (`namespace/name`) to draw, at most MOST of them; None for all of a cluster that isn't large."""
    everyone = {workload_of(pod) for pod in proposal.world.pods}
    if len(everyone) <= MOST:
        return None
    chosen: dict[str, None] = {}
    for name in _near(proposal):
        if name in everyone:
            chosen[name] = None
        if len(chosen) == MOST:
            break
    return frozenset(chosen)


def _near(proposal: Proposal) -> Iterator[str]:
    """Workloads, the most interesting first: ends of broken, then of changed calls, then what the policies select."""
    changes = proposal.difference
    for calls in (changes.broken, changes.mended, changes.closed, changes.opened):
        for call in calls:
            yield from (end for end in call[:2] if end != OUTSIDE)
    ours = {key(policy) for policy in _concerned(proposal)}
    selected = [workload_of(pod) for policy in proposal.world.policies if policy.key in ours
                for pod in proposal.world.pods if policy.selects(pod)]
    yield from selected
    for need in proposal.ground.needs:
        if need.target in selected or need.source in selected:
            yield from (end for end in (need.source, need.target) if end != OUTSIDE)


def _concerned(proposal: Proposal) -> tuple[Json, ...]:
    sheet = proposal.draft.open
    return (*proposal.plan.apply, *(sheet.policies if sheet else ()))


def narrowed(world: World, names: frozenset[str]) -> World:
    """The world with these workloads' pods alone, and the policies of their namespaces."""
    pods = tuple(pod for pod in world.pods if workload_of(pod) in names)
    policies = tuple(policy for policy in world.policies if any(policy.selects(pod) for pod in pods))
    return replace(world, pods=pods, policies=policies)
