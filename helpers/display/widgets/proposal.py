"""What would change if the draft were applied: judged by the engine, before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from helpers.display.widgets.draft import Draft
from helpers.display.widgets.plan import Json, Plan, plan
from helpers.display.widgets.reach import OUTSIDE, OUTSIDE_ADDRESS, Call, Difference, Need, Reach, difference
from helpers.policies import NotFound, Verdict, World


@dataclass(frozen=True)
class Ground:
    """What a proposal stands on: the live world, its policies as objects, and the calls the application needs."""

    world: World
    policies: tuple[Json, ...] = ()
    needs: tuple[Need, ...] = ()

    @cached_property
    def reach(self) -> Reach:
        return Reach.of(self.world, self.needs)

    @cached_property
    def empty(self) -> Reach:
        """What could be reached with no policy at all."""
        return Reach.of(self.world.replace_policies(()), self.needs)


@dataclass(frozen=True)
class Proposal:
    """A draft on its ground. Everything is computed when it is first asked for, and once."""

    ground: Ground
    draft: Draft

    @cached_property
    def policies(self) -> tuple[Json, ...]:
        return self.draft.policies

    @cached_property
    def plan(self) -> Plan:
        return plan(self.ground.policies, self.policies)

    @cached_property
    def world(self) -> World:
        return self.ground.world.replace_policies(self.policies) if self.plan else self.ground.world

    @cached_property
    def reach(self) -> Reach:
        return Reach.of(self.world, self.ground.needs) if self.plan else self.ground.reach

    @cached_property
    def difference(self) -> Difference:
        return difference(self.ground.reach, self.reach, self.ground.needs)

    @cached_property
    def broken(self) -> tuple[Call, ...]:
        """Needed calls that would be denied, whether they are now or not."""
        return tuple(sorted(call for call in self.difference.needed if call not in self.reach))

    def verdicts(self, call: Call) -> tuple[Verdict, Verdict]:
        """What the engine says of one call now, and what it would say. Raises NotFound for an unknown end."""
        now, then = (judged(world, call) for world in (self.ground.world, self.world))
        return now, then

    def status(self, sheet_policies: Sequence[Json]) -> str:
        """"new", "changed" or "applied" for the policies of a sheet; empty for none."""
        from helpers.display.widgets.yamltext import key

        keys = {key(policy) for policy in sheet_policies}
        if not keys:
            return ""
        if keys & {key(policy) for policy in self.plan.create}:
            return "new"
        return "changed" if keys & {key(policy) for policy in self.plan.change} else "applied"

    def summary(self) -> str:
        """One sentence: what applying would do."""
        if not self.plan:
            return "The cluster has exactly these policies."
        changes = self.difference
        if not changes:
            return f"Applying would {self.plan}. No connection would change."
        parts = [f"{count} {'call' if count == 1 else 'calls'} would be {word}"
                 for count, word in ((len(changes.closed), "denied"), (len(changes.opened), "allowed")) if count]
        return f"Applying would {self.plan}. {' and '.join(parts)}{_needed(changes)}."


def _needed(changes: Difference) -> str:
    parts = [f"{verb} {len(calls)} that the application needs"
             for verb, calls in (("break", changes.broken), ("mend", changes.mended)) if calls]
    return f", which would {' and '.join(parts)}" if parts else ""


def judged(world: World, call: Call) -> Verdict:
    source: Any = OUTSIDE_ADDRESS if call.source == OUTSIDE else world.pod(call.source)
    return world.judge(source, world.pod(call.target), call.port, call.protocol)


def call_of(world: World, source: str, target: str, port: object, protocol: str = "TCP") -> Call:
    """A call from what a person chose; raises NotFound for an unknown end, ValueError for a bad port."""
    if source != OUTSIDE:
        world.pod(source)
    world.pod(target)
    number = int(str(port))
    if not 1 <= number <= 65535:
        raise ValueError(f"{number} is no port: ports go from 1 to 65535")
    return Call(source, target, number, protocol)


__all__ = ["Ground", "NotFound", "Proposal", "call_of", "judged"]
