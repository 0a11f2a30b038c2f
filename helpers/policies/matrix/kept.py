"""What matrices of the same pods share, so that an edit of one policy leaves the work on the others standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.policies.matrix.index import Index
from helpers.policies.matrix.looks import Look, PortName, Vocabulary, looks
from helpers.policies.model import Action, Namespaces, Pod, Policy
from helpers.policies.model.bits import Bits
from helpers.policies.model.regions import Range, Regions

Partition = dict[int, Bits]
"""Set of ports -> classes, the sets of classes disjoint."""

Entry = tuple[int, tuple[PortName, ...], Bits, Action]
"""One rule: its numeric ports, its port names, the classes it means, what it does."""

_MOST_KEPT = 100_000


class Sorted(NamedTuple):
    """Pods and outside addresses as far as some vocabulary tells them apart.

    `of_pod[i]` is the look of pod i; `outside` are the blocks that hold an outside class, and its ranges.
    """

    looks: Sequence[Look]
    of_pod: Sequence[int]
    meanings: Index
    outside: Sequence[tuple[Bits, tuple[Range, ...]]]


@dataclass(slots=True)
class Work:
    """What a table has worked out. It holds for every table with the same classes, ports and family, so that an edit
    of one policy leaves the work on the others standing."""

    entries: dict[tuple[Policy, str], list[Entry]] = field(default_factory=dict)
    partitions: dict[object, Partition] = field(default_factory=dict)

    def trimmed(self) -> Work:
        """Itself, emptied when edits without end have filled it."""
        if len(self.entries) > _MOST_KEPT or len(self.partitions) > _MOST_KEPT:
            self.entries.clear()
            self.partitions.clear()
        return self


@dataclass(slots=True)
class Kept:
    """The pods of a world with their namespaces, and what the last matrix of them has worked out.

    Holds for these pods alone: other pods need one of their own.
    """

    pods: Sequence[Pod]
    namespaces: Namespaces
    answers: dict[Any, Any] = field(default_factory=dict)
    """What `World.once` was asked."""
    _words: object = None
    _sorted: Sorted | None = None
    _tables: object = None
    _work: dict[int, Work] = field(default_factory=dict)

    def sorted(self, words: Vocabulary, families: frozenset[int]) -> Sorted:
        """The pods by what policies of this vocabulary can see; an edit seldom changes what policies speak of.

        `families` are address families to look at besides those that pods and policies mention.
        """
        key = words.frozen(), families
        if self._sorted is None or self._words != key:
            regions = {version: Regions(version, list(words.blocks)) for version in (4, 6)}
            distinct, of_pod = looks(self.pods, words, regions)
            outside = [
                (mask, tuple(ranges))
                for version in sorted(_families(distinct, words) | families)
                for mask, ranges in regions[version].outside().items()
            ]
            self._words, self._sorted = key, Sorted(distinct, of_pod, Index(distinct, self.namespaces), outside)
        return self._sorted

    def work(self, tables: object, family: int) -> Work:
        """The work on an address family that still holds; `tables` is equal for equal classes and ports."""
        if self._tables != tables:
            self._tables, self._work = tables, {}
        return self._work.setdefault(family, Work())


def _families(distinct: Sequence[Look], words: Vocabulary) -> set[int]:
    """The address families that pods have; where some address isn't known, IPv4 and what the blocks mention."""
    found = {family for look in distinct for family in look.families}
    if not found or any(not look.families for look in distinct):
        found |= {4} | {block.version for block in words.blocks}
    return found
