"""Two worlds compared: which connections the second adds, removes or changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.policies.matrix.listing import Folded, Members, units
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.model.ports import Span, spans_text, spans_without
from helpers.policies.model.regions import Range, merge, range_text

if TYPE_CHECKING:
    from helpers.policies.world import World

Joint = tuple[Members, Members]
"""The classes of an end before and after; empty where the end doesn't exist."""


class Change(NamedTuple):
    """A pair of ends whose connections differ: `added` and `removed` are spans of ports."""

    source: str
    target: str
    before: str
    after: str
    added: tuple[Span, ...]
    removed: tuple[Span, ...]

    @property
    def kind(self) -> str:
        """`added` when nothing was allowed before, `removed` when nothing is now, else `changed`."""
        if (self.added and self.removed) or "No Connections" not in (self.before, self.after):
            return "changed"
        return "added" if self.added else "removed"

    def __str__(self) -> str:
        parts = [f"{mark} {spans_text(spans)}" for mark, spans in (("+", self.added), ("-", self.removed)) if spans]
        return f"{self.kind}: {self.source} => {self.target} : {' '.join(parts)}"

    def as_dict(self) -> dict[str, Any]:
        return {"type": self.kind, "src": self.source, "dst": self.target, "before": self.before, "after": self.after,
                "added": spans_text(self.added) if self.added else "",
                "removed": spans_text(self.removed) if self.removed else ""}


@dataclass(frozen=True)
class Comparison:
    """What a change of policies (or of pods) does to connections."""

    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether both mean the same for these pods."""
        return not self.changes

    @cached_property
    def allowed(self) -> tuple[Change, ...]:
        """The pairs for which something becomes allowed."""
        return tuple(change for change in self.changes if change.added)

    @cached_property
    def denied(self) -> tuple[Change, ...]:
        """The pairs for which something becomes denied."""
        return tuple(change for change in self.changes if change.removed)

    def as_dict(self) -> dict[str, Any]:
        return {"same": self.same, "changes": [change.as_dict() for change in self.changes]}

    def __str__(self) -> str:
        if self.same:
            return "Both mean the same: no connection is added or removed."
        return "\n".join(map(str, self.changes))


def compare(before: World, after: World, by: str = "workload") -> Comparison:
    """What `after` allows and denies that `before` doesn't, between workloads or pods and with the outside."""
    return Comparison(tuple(sorted(_Pair(before.matrix(by), after.matrix(by)).changes())))


class _Pair:
    """Two matrices with their ends brought together."""

    def __init__(self, before: Matrix, after: Matrix) -> None:
        self._sides = (before, after)
        self._folded = (Folded(before), Folded(after))
        mine, theirs = units(before), units(after)
        self._groups: dict[Joint, list[str]] = {}
        for name in {**mine, **theirs}:
            self._groups.setdefault((mine.get(name, ()), theirs.get(name, ())), []).append(name)
        self._outside = _joint_outside(before, after)
        self._known: dict[tuple[int, int], tuple[str, str, tuple[Span, ...], tuple[Span, ...]] | None] = {}

    def changes(self) -> Iterator[Change]:
        groups = list(self._groups.items())
        for sources, names in groups:
            for targets, others in groups:
                difference = self._difference(sources, targets)
                if difference:
                    yield from (Change(name, other, *difference) for name in names for other in others
                                if name != other)
            for text, difference in self._with_outside(sources, True):
                yield from (Change(name, text, *difference) for name in names)
            for text, difference in self._with_outside(sources, False):
                yield from (Change(text, name, *difference) for name in names)

    def _difference(self, sources: Joint, targets: Joint) -> tuple[str, str, tuple[Span, ...], tuple[Span, ...]] | None:
        old = self._folded[0].ports(sources[0], targets[0])
        new = self._folded[1].ports(sources[1], targets[1])
        if not old and not new:
            return None
        if (old, new) not in self._known:
            self._known[old, new] = self._spelled(old, new)
        return self._known[old, new]

    def _spelled(self, old: int, new: int) -> tuple[str, str, tuple[Span, ...], tuple[Span, ...]] | None:
        was, now = self._sides[0].ports.spans(old), self._sides[1].ports.spans(new)
        if was == now:
            return None
        return spans_text(was), spans_text(now), spans_without(now, was), spans_without(was, now)

    def _with_outside(self, ends: Joint, outward: bool) -> Iterator[tuple[str, Any]]:
        ranges: dict[Any, list[Range]] = {}
        for outside, spans in self._outside.items():
            difference = self._difference(ends, outside) if outward else self._difference(outside, ends)
            if difference:
                ranges.setdefault(difference, []).extend(spans)
        for difference, spans in ranges.items():
            for span in merge(spans):
                yield range_text(span), difference


def _joint_outside(before: Matrix, after: Matrix) -> dict[Joint, list[Range]]:
    """Outside ranges cut so that each lies in one class before and in one after."""
    cuts: dict[tuple[int, int], None] = {}
    owners: list[dict[tuple[int, int], int]] = []
    for matrix in (before, after):
        owner = {}
        for number, ranges in enumerate(matrix.classes.outside, len(matrix.classes.looks)):
            for version, first, last in ranges:
                owner[version, first] = number
                cuts[version, first] = cuts[version, last + 1] = None
        owners.append(owner)
    found: dict[Joint, list[Range]] = {}
    current: list[tuple[int, ...]] = [(), ()]
    points = sorted(cuts)
    for (version, first), following in pairwise(points):
        for side in (0, 1):
            if (version, first) in owners[side]:
                current[side] = (owners[side][version, first],)
        if following[0] == version:
            found.setdefault((current[0], current[1]), []).append((version, first, following[1] - 1))
        else:
            current = [(), ()]
    return found
