"""The part of a large cluster that a proposal is about, so that its graph stays readable and quick."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.display.widgets.plan import Json
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import key
from helpers.policies.model.addresses import OUTSIDE

MOST = 40
"""Up to so many workloads all are drawn."""


def focus(proposal: Proposal) -> frozenset[str] | None:
    """The workloads (by key) to draw, at most MOST of them; None for all of a cluster that isn't large."""
    everyone = proposal.world.workloads
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
    found = proposal.change
    for calls in (found.broken, found.mended, found.closed, found.opened):
        for call in calls:
            yield from (end for end in call[:2] if end != OUTSIDE)
    ours = {key(policy) for policy in _concerned(proposal)}
    chosen = [policy for policy in proposal.world.policies if policy.key in ours]
    selected = {pod.workload_key: None for policy in chosen for pod in proposal.world.pods if policy.selects(pod)}
    yield from selected
    for need in proposal.ground.needs:
        if need.target in selected or need.source in selected:
            yield from (end for end in (need.source, need.target) if end != OUTSIDE)


def _concerned(proposal: Proposal) -> tuple[Json, ...]:
    sheet = proposal.fitted.open
    return (*proposal.plan.apply, *(sheet.policies if sheet else ()))
