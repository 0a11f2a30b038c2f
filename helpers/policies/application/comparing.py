"""Two worlds compared on every port and address: which pairs of ends connect otherwise in the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.policies.matrix.matrix import Matrix
from helpers.policies.matrix.units import Folded, Members, Unit, units
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.ports import Span, spans_text, spans_without
from helpers.policies.model.regions import Range, merge, range_text

if TYPE_CHECKING:
    from helpers.policies.world import World

SAME = "Both mean the same: no connection is added or removed."

Joint = tuple[Members, Members]
"""The classes of an end before and after; empty where the end doesn't exist."""

Ports = tuple[str, str, tuple[Span, ...], tuple[Span, ...]]
"""Before and after as text, what is added, what is removed."""


class Difference(NamedTuple):
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
        return {
            "type": self.kind,
            "src": self.source,
            "dst": self.target,
            "before": self.before,
            "after": self.after,
            "added": spans_text(self.added) if self.added else "",
            "removed": spans_text(self.removed) if self.removed else "",
        }


@dataclass(frozen=True)
class Comparison:
    """Every pair of ends whose connections differ, on whatever port, members of one workload and outside included."""

    changes: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether both mean the same for these pods."""
        return not self.changes

    def as_dict(self) -> dict[str, Any]:
        return {"same": self.same, "changes": [change.as_dict() for change in self.changes]}

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or SAME


def compare(before: World, after: World, by: str = "workload") -> Comparison:
    """What `after` allows and denies that `before` doesn't, between workloads or pods and with the outside."""
    return Comparison(tuple(sorted(_Pair(*joint_matrices(before, after), by).differences())))


def joint_matrices(before: World, after: World) -> tuple[Matrix, Matrix]:
    """The matrices of two worlds over the same address families: one side's policies may mention more of them."""
    sides = before.matrix(), after.matrix()
    families = sides[0].families | sides[1].families
    old, new = (
        matrix if matrix.families == families else world.matrix(families=families)
        for matrix, world in zip(sides, (before, after), strict=True)
    )
    return old, new


class _Pair:
    """Two matrices with their ends brought together: units as bits by number, then outside ranges."""

    def __init__(self, before: Matrix, after: Matrix, by: str) -> None:
        self._sides = (before, after)
        self._units = (units(before, by), units(after, by))
        self._names = list({**self._units[0], **self._units[1]})
        self._ranges = list(_joint_outside(before, after).items())
        self._all: Bits = (1 << len(self._names) + len(self._ranges)) - 1
        self._inside: Bits = (1 << len(self._names)) - 1
        self._folded = (Folded(before, self._spread(0)), Folded(after, self._spread(1)))

    def _spread(self, side: int) -> dict[int, Bits]:
        found: dict[int, Bits] = {}
        ends = [*(self._unit(side, name).classes for name in self._names), *(joint[side] for joint, _ in self._ranges)]
        for bit, classes in enumerate(ends):
            for number in classes:
                found[number] = found.get(number, 0) | 1 << bit
        return found

    def _unit(self, side: int, name: str) -> Unit:
        return self._units[side].get(name, Unit(()))

    @cached_property
    def _groups(self) -> dict[Joint, list[int]]:
        """The units by their classes on both sides."""
        found: dict[Joint, list[int]] = {}
        for number, name in enumerate(self._names):
            found.setdefault((self._unit(0, name).classes, self._unit(1, name).classes), []).append(number)
        return found

    def differences(self) -> Iterator[Difference]:
        for sources, numbers in self._groups.items():
            found = list(self._unequal(sources))
            for number in numbers:
                yield from self._from(self._names[number], 1 << number, found)
        for (target, difference), ranges in self._incoming().items():
            for span in merge(ranges):
                yield Difference(range_text(span), self._names[target], *difference)
        for name in self._names:
            old, new = (self._folded[side].between(self._unit(side, name)) for side in (0, 1))
            among = self._spelled(old, new)
            if among:
                yield Difference(name, name, *among)

    def _from(self, source: str, itself: Bits, found: list[tuple[Ports, Bits]]) -> Iterator[Difference]:
        for difference, targets in found:
            for target in members(targets & self._inside & ~itself):
                yield Difference(source, self._names[target], *difference)
            outside = [self._ranges[number][1] for number in members(targets >> len(self._names))]
            for span in merge(piece for ranges in outside for piece in ranges):
                yield Difference(source, range_text(span), *difference)

    def _incoming(self) -> dict[tuple[int, Ports], list[Range]]:
        """Where outside ranges fare otherwise: unit and difference -> the ranges."""
        found: dict[tuple[int, Ports], list[Range]] = {}
        for sources, ranges in self._ranges:
            for difference, targets in self._unequal(sources):
                for target in members(targets & self._inside):
                    found.setdefault((target, difference), []).extend(ranges)
        return found

    def _unequal(self, sources: Joint) -> Iterator[tuple[Ports, Bits]]:
        """What differs from some classes on, and toward which ends."""
        old, new = (
            [*row.items(), (0, self._all & ~_union(row))]
            for row in (self._folded[side].row(sources[side]) for side in (0, 1))
        )
        found: dict[Ports, Bits] = {}
        for was, some in old:
            for now, others in new:
                both = some & others
                difference = self._spelled(was, now) if both else None
                if difference:
                    found[difference] = found.get(difference, 0) | both
        yield from found.items()

    def _spelled(self, old: int, new: int) -> Ports | None:
        was, now = self._sides[0].ports.spans(old), self._sides[1].ports.spans(new)
        if was == now:
            return None
        return spans_text(was), spans_text(now), spans_without(now, was), spans_without(was, now)


def _union(row: dict[int, Bits]) -> Bits:
    found = 0
    for bits in row.values():
        found |= bits
    return found


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
    current: list[Members] = [(), ()]
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
