"""Workloads or pods as a matrix lists them: each a unit of one or more classes, whose members may call each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from helpers.policies.matrix.rows import Rows
from helpers.policies.model import Pod
from helpers.policies.model.bits import Bits, disjoint, members

Members = tuple[int, ...]
"""The classes of a unit's pods, ascending; nearly always one."""


class Unit(NamedTuple):
    """A workload or a pod: its classes, and the (source, target) classes of two different members.

    There are no such pairs when it has one member alone.
    """

    classes: Members
    pairs: tuple[tuple[int, int], ...] = ()


def unit_name(pod: Pod, by: str) -> str:
    """`ns/name[Kind]` of the workload, or `ns/name[Pod]` of the pod."""
    return pod.workload_key if by == "workload" else f"{pod.key}[Pod]"


def standing_for(pod: Pod) -> int:
    """How many members of its workload a pod stands for: a DaemonSet's for one on another node too."""
    return pod.replicas + (pod.kind == "DaemonSet")


def units(matrix: Rows, by: str = "") -> dict[str, Unit]:
    """The units of a matrix by name, in the order of their first pods; `by` is the matrix's own without another."""
    by = by or matrix.by
    found: dict[str, Counter[int]] = {}
    for pod, number in zip(matrix.pods, matrix.classes.of_pod, strict=True):
        found.setdefault(unit_name(pod, by), Counter())[number] += standing_for(pod)
    return {
        name: Unit(tuple(sorted(counts)), tuple(_pairs(counts)) if by == "workload" else ())
        for name, counts in found.items()
    }


def _pairs(counts: Counter[int]) -> Iterable[tuple[int, int]]:
    if counts.total() < 2:
        return ()
    return [(one, other) for one in sorted(counts) for other in sorted(counts) if one != other or counts[one] > 1]


class Folded:
    """A matrix between units, as bit sets: `spread[c]` are the units (bits by number) that class c belongs to."""

    def __init__(self, matrix: Rows, spread: dict[int, Bits]) -> None:
        self.matrix, self._spread = matrix, spread
        self._rows: dict[Members, dict[int, Bits]] = {}
        self._units: dict[Bits, Bits] = {}

    def row(self, sources: Members) -> dict[int, Bits]:
        """Set of ports -> the units that one of the source classes may reach on just these, disjoint."""
        found = self._rows.get(sources)
        if found is None:
            pieces = [(ports, self._of(bits)) for source in sources for ports, bits in self.matrix.rows[source].items()]
            found = self._rows[sources] = disjoint(pieces)
        return found

    def _of(self, classes: Bits) -> Bits:
        """The units that a set of classes belongs to."""
        found = self._units.get(classes)
        if found is None:
            found = 0
            for number in members(classes):
                found |= self._spread.get(number, 0)
            self._units[classes] = found
        return found

    def between(self, unit: Unit) -> int:
        """The set of ports on which one member of a unit may reach another; none when it is alone."""
        ports = 0
        for source, target in unit.pairs:
            ports |= self.matrix.reach(source, target)
        return ports
