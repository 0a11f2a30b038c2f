"""What would change if the draft were applied: judged by the engine, before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from helpers.display.widgets.draft import Draft
from helpers.display.widgets.plan import Json, Plan, plan
from helpers.lab.cluster.fitting import Fitted, fitted
from helpers.policies import Verdict, World
from helpers.policies.application.change import Change, between
from helpers.policies.application.networks import Networks, pod_networks
from helpers.policies.application.reach import Call, Need, Reach, Stage
from helpers.policies.model.addresses import OUTSIDE


@dataclass(frozen=True)
class Ground:
    """What a proposal stands on: the live world, its policies as objects, and the calls the application needs."""

    world: World
    policies: tuple[Json, ...] = ()
    needs: tuple[Need, ...] = ()
    others: tuple[Json, ...] = ()
    """Policies that aren't changed from here."""

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.world, Stage.of(self.needs, self.world))

    @cached_property
    def networks(self) -> Networks:
        """The pods' networks, for which a text may still say the lab's."""
        return pod_networks(self.world)


@dataclass(frozen=True)
class Proposal:
    """A draft on its ground. Everything is computed when it is first asked for, and once."""

    ground: Ground
    draft: Draft
    last: World | None = None
    """The world of the proposal before, whose policies need not be read again."""

    @cached_property
    def _fits(self) -> tuple[Fitted, ...]:
        return tuple(fitted(sheet.sound, self.ground.networks) for sheet in self.draft.sheets)

    @cached_property
    def fitted(self) -> Draft:
        """The draft as it would be applied: each sheet's policies are fitted to the cluster, its text is as typed."""
        pairs = zip(self.draft.sheets, self._fits, strict=True)
        return replace(self.draft, sheets=tuple(replace(sheet, sound=fit.text) for sheet, fit in pairs))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What would be applied otherwise than it is written, in a sentence each."""
        return tuple(dict.fromkeys(note for fit in self._fits for note in fit.notes))

    @cached_property
    def policies(self) -> tuple[Json, ...]:
        return self.fitted.policies

    @cached_property
    def plan(self) -> Plan:
        return plan(self.ground.policies, self.policies)

    @cached_property
    def world(self) -> World:
        known = self.ground.world if self.last is None else self.last
        return known.replace_policies((*self.policies, *self.ground.others)) if self.plan else self.ground.world

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.world, self.ground.reach.stage) if self.plan else self.ground.reach

    @cached_property
    def change(self) -> Change:
        """What applying would change."""
        return between(self.ground.reach, self.reach)

    @property
    def broken(self) -> tuple[Call, ...]:
        """Needed calls that would be denied, whether they are now or not."""
        return self.reach.broken

    def verdicts(self, call: Call) -> tuple[Verdict, Verdict]:
        """What the engine says of one call now, and what it would say. Raises NotFound for an unknown end."""
        return self.ground.reach.verdict(call), self.reach.verdict(call)

    def status(self, sheet_policies: Sequence[Json]) -> str:
        """ "new", "changed" or "applied" for the policies of a sheet; empty for none."""
        from helpers.display.widgets.yamltext import key

        keys = {key(policy) for policy in sheet_policies}
        if not keys:
            return ""
        if keys & {key(policy) for policy in self.plan.create}:
            return "new"
        return "changed" if keys & {key(policy) for policy in self.plan.change} else "applied"

    def summary(self) -> str:
        """One or two sentences: what applying would do."""
        if not self.plan:
            return "The cluster has exactly these policies."
        return f"Applying would {self.plan}. {self.change.sentence}"


def call_of(world: World, source: str, target: str, port: object, protocol: str = "TCP") -> Call:
    """A call from what a person chose, names or keys of workloads.

    Raises NotFound for an unknown end, ValueError for a bad port.
    """
    caller, called = (end if end == OUTSIDE else world.pod(end).workload_key for end in (source, target))
    number = int(str(port))
    if not 1 <= number <= 65535:
        raise ValueError(f"{number} is no port: ports go from 1 to 65535")
    return Call(caller, called, number, protocol)
