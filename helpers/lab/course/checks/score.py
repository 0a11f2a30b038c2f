"""How many of the application's arrows are right at the called end: the score of 17 that notebook 05 fills up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.lab.course.checks.excess import admissions
from helpers.lab.course.checks.goals import Goal, bare, isolating
from helpers.lab.course.checks.situation import Object, Situation
from helpers.policies import World, default, home
from helpers.policies.application.need import Arrow, needs
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.wording import plural

STATES = ("right", "open", "stopped", "too wide")


@dataclass(frozen=True)
class Mark:
    """One arrow and its state: "right", "open" (its target accepts everything), "stopped" or "too wide".

    `policies` are the names of those that let it in.
    """

    source: str
    target: str
    port: int
    state: str
    policies: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = f"  {', '.join(self.policies)}" if self.policies else ""
        return f"{self.state:9} {self.source} → {self.target} {self.port}{names}"


@dataclass(frozen=True)
class Score:
    """The arrows' marks, and how many policies besides let in somebody whom no arrow needs."""

    marks: tuple[Mark, ...]
    besides: int = 0

    def count(self, state: str) -> int:
        return sum(mark.state == state for mark in self.marks)

    @property
    def right(self) -> int:
        return self.count("right")

    @property
    def exact(self) -> bool:
        """Whether every arrow is allowed, and nothing else at the called ends."""
        return self.right == len(self.marks) and not self.besides

    def __str__(self) -> str:
        stopped, wide = self.count("stopped"), self.count("too wide") + self.besides
        said = self._rest() if self.count("open") or not stopped + wide else ""
        if stopped + wide:
            parts = [f"{stopped} {'stops' if stopped == 1 else 'stop'} something"] * bool(stopped)
            parts += [f"{wide} {'lets' if wide == 1 else 'let'} in too much"] * bool(wide)
            verb = "is" if stopped + wide == 1 else "are"
            said = f"{stopped + wide} of {len(self.marks)} {verb} wrong: {', '.join(parts)}. {said}".strip()
        return said

    def _rest(self) -> str:
        free, verb = self.count("open"), "is" if self.right == 1 else "are"
        still = f", and {free} {'is' if free == 1 else 'are'} still open" if free else ""
        return f"{self.right} of {plural(len(self.marks), 'arrow')} {verb} right{still}."


def scored(situation: Situation) -> Score:
    """The marks of all arrows that the application needs, judged at the called end."""
    world = inbound(situation).world
    goals = goals_of(situation)
    wide = {goal.target: wide_policies(world, goal) for goal in goals}
    marks = tuple(_mark(world, arrow, wide[bare(arrow.target)]) for arrow in arrows(situation))
    return Score(marks, sum(_besides([mark for mark in marks if mark.target == at], wide[at]) for at in wide))


def _besides(marks: list[Mark], wide: list[str]) -> int:
    """How many policies of one target let in too much and belong to no arrow; but for a stopped arrow's own."""
    known = {name for mark in marks for name in mark.policies}
    return max(0, len(set(wide) - known) - sum(mark.state == "stopped" for mark in marks))


def _mark(world: World, arrow: Arrow, wide: list[str]) -> Mark:
    source, target = bare(arrow.source) or arrow.source, bare(arrow.target)
    caller = arrow.source if arrow.source == OUTSIDE else source
    found = world.isolating(world.pod(target), "ingress")
    letting = tuple(
        policy.name
        for policy in found
        if world.with_policies([policy]).judge(caller, target, arrow.port, arrow.protocol).ingress.allowed
    )
    state = "open" if not found else "stopped" if not letting else "too wide" if set(letting) & set(wide) else "right"
    return Mark(caller, target, arrow.port, state, letting)


def wide_policies(world: World, goal: Goal) -> list[str]:
    """The policies that, alone, let somebody in whom the goal doesn't name."""
    return [
        policy.name
        for policy in isolating(world, goal)
        if next(admissions(world.with_policies([policy]), goal), None) is not None
    ]


def arrows(situation: Situation) -> tuple[Arrow, ...]:
    """The calls that the application needs; who calls from outside counts as outside."""
    here = f"{home.namespace()}/"
    return tuple(one for one in needs(situation.world).of_application if one.target.startswith(here))


def goals_of(situation: Situation) -> list[Goal]:
    """What each service of the architecture should accept, in the order of their names."""
    callers: dict[tuple[str, int, str], list[str]] = {}
    for arrow in arrows(situation):
        callers.setdefault((bare(arrow.target), arrow.port, arrow.protocol), []).append(arrow.source)
    return [
        Goal(
            target,
            tuple(bare(source) for source in sources if source != OUTSIDE),
            port,
            protocol,
            exposed=OUTSIDE in sources,
        )
        for (target, port, protocol), sources in sorted(callers.items())
    ]


def inbound(situation: Situation) -> Situation:
    """The same cluster with the policies' rules for what comes in, and no others.

    A policy that only denies is left out: a default deny selects more than the goal's target, and rightly so.
    """
    others = tuple(item for item in situation.objects if item.get("kind") != "NetworkPolicy")
    return Situation((*others, *(half for item in situation.policies if (half := ingress_of(item)) is not None)))


def ingress_of(policy: Object) -> dict[str, Any] | None:
    """A policy's ingress half; None for one that lets nobody in."""
    full = default(dict(policy))
    spec = {name: value for name, value in full["spec"].items() if name != "egress"}
    if "Ingress" not in spec["policyTypes"] or not spec.get("ingress"):
        return None
    return {**full, "spec": {**spec, "policyTypes": ["Ingress"]}}
