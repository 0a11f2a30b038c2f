"""What other policies change: one difference between two worlds, counted one way and said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from helpers.policies.application.comparing import SAME, Comparison, Difference, compare
from helpers.policies.application.reach import Call, Need, Reach, Stage, calls_of
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.model.ports import Span, spans_text, spans_without
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import listed, plural

if TYPE_CHECKING:
    from helpers.policies.world import World


@dataclass(frozen=True)
class Change:
    """How the second of two worlds differs from the first, in the calls that matter (see `reach`).

    `opened` become allowed, `closed` become denied; both are sorted. `needed` are all calls that the application
    needs. `details` has every other port and address as well, so it tells whether both mean the same.
    """

    before: Reach
    after: Reach
    opened: tuple[Call, ...]
    closed: tuple[Call, ...]

    @property
    def needed(self) -> frozenset[Call]:
        return self.after.stage.needed

    @cached_property
    def broken(self) -> tuple[Call, ...]:
        """Needed calls that become denied."""
        return tuple(call for call in self.closed if call in self.needed)

    @cached_property
    def mended(self) -> tuple[Call, ...]:
        """Needed calls that become allowed."""
        return tuple(call for call in self.opened if call in self.needed)

    @cached_property
    def details(self) -> Comparison:
        """Every pair of workloads, or of one with the outside, whose connections differ, with the ports."""
        return self.detailed()

    def detailed(self, by: str = "workload") -> Comparison:
        """The details between workloads, or between pods."""
        plain = compare(self.before.world, self.after.world, by).changes
        return Comparison(tuple(sorted([*plain, *self._of_the_controller()])))

    def _of_the_controller(self) -> Iterator[Difference]:
        """What the ingress controller may call or not any more; as an end it is in no matrix."""
        calls = (call for call in (*self.opened, *self.closed) if call.source == INGRESS_CONTROLLER)
        for target in dict.fromkeys(call.target for call in calls):
            was, now = (_spans(reach, target) for reach in (self.before, self.after))
            yield Difference(
                INGRESS_CONTROLLER,
                target,
                spans_text(was),
                spans_text(now),
                spans_without(now, was),
                spans_without(was, now),
            )

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)

    @cached_property
    def same(self) -> bool:
        """Whether both mean the same, on every port and address, as far as everything that differs is judged."""
        return not self and self.details.same and not self.unjudged

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What either world holds beyond what is judged."""
        return tuple(dict.fromkeys([*self.before.world.unread, *self.after.world.unread]))

    @cached_property
    def unjudged(self) -> tuple[Unread, ...]:
        """What could overturn a verdict, isn't judged, and isn't in both worlds alike."""
        sides = [{one: one.objects for one in reach.world.unread} for reach in (self.before, self.after)]
        return tuple(one for one in self.unread if one.overturns and sides[0].get(one) != sides[1].get(one))

    @cached_property
    def sentence(self) -> str:
        """The difference in words."""
        if self.same:
            return SAME
        if not self and self.details.same:
            return (
                "No difference in what is judged; but there is one in what isn't, so it can't be said that both "
                f"mean the same: {listed([f'{one.count} {one.kind}' for one in self.unjudged])}."
            )
        if not self:
            return (
                f"No call on a port that matters changes; on other ports and addresses "
                f"{plural(len(self.details.changes), 'pair')} of ends may connect otherwise."
            )
        parts = [
            f"{plural(len(calls), 'call')} {'becomes' if len(calls) == 1 else 'become'} {word}"
            + _share(len(needed), len(calls))
            for word, calls, needed in (("denied", self.closed, self.broken), ("allowed", self.opened, self.mended))
            if calls
        ]
        return f"{' and '.join(parts)}."

    def as_dict(self, by: str = "workload") -> dict[str, Any]:
        """The counted calls, and the details under `changes`, between workloads or between pods."""
        return {
            **self.detailed(by).as_dict(),
            "sentence": self.sentence,
            "opened": [self._entry(call) for call in self.opened],
            "closed": [self._entry(call) for call in self.closed],
        }

    def _entry(self, call: Call) -> dict[str, Any]:
        return {**call._asdict(), "needed": call in self.needed}


def change(before: World, after: World, needs: Iterable[Need] = ()) -> Change:
    """What is otherwise in `after`; `needs` are the calls that the application needs in either."""
    stage = Stage.of(needs, before, after)
    return between(Reach(before, stage), Reach(after, stage))


def between(before: Reach, after: Reach) -> Change:
    """The difference of two worlds that were asked about the same stage."""
    opened: list[Call] = []
    closed: list[Call] = []
    stage = after.stage
    for source in {**before.rows, **after.rows}:
        old, new = before.rows.get(source, {}), after.rows.get(source, {})
        for door in {**old, **new}:
            was, now = old.get(door, 0), new.get(door, 0)
            if was != now:
                opened += calls_of(stage, source, door, now & ~was)
                closed += calls_of(stage, source, door, was & ~now)
    return Change(before, after, tuple(sorted(opened)), tuple(sorted(closed)))


def _share(needed: int, calls: int) -> str:
    if needed == calls:
        return " (needed)" if calls == 1 else " (all of them needed)"
    return f" ({needed} of them needed)" if needed else ""


def _spans(reach: Reach, target: str) -> tuple[Span, ...]:
    calls = (call for call in reach.stage.calls(INGRESS_CONTROLLER) if call.target == target and call in reach)
    return tuple(sorted((call.protocol, call.port, call.port) for call in calls))
