"""Policies that change nothing: without them every connection is as it is with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.policies.matrix.kept import Partition
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.matrix.tables import Directions
from helpers.policies.matrix.units import standing_for
from helpers.policies.model import EGRESS, INGRESS, Policy
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.selectors import EVERYTHING

if TYPE_CHECKING:
    from helpers.policies.world import World


Gone = frozenset[int]
NONE: Gone = frozenset()


@dataclass(frozen=True, slots=True)
class Redundant:
    """A policy that could go; `beside` are the policies that select the same pods, and so do its work."""

    policy: Policy
    beside: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.policy.key} changes nothing" + (f" beside {', '.join(self.beside)}" if self.beside else "")


def redundant(world: World) -> list[Redundant]:
    """Each policy whose removal alone changes no connection, between pods or with the outside, now or later.

    Left out are policies whose work can't be seen in these objects: for every pod of a namespace, which isolate the
    pods that are still to come, and those that select or admit pods that aren't there.

    Of two equal policies both are listed, though only one may go; `removable` gives a set that may go together.
    """
    matrix = world.matrix()
    pods = _members(matrix)
    return [
        Redundant(policy, _beside(matrix, number, NONE))
        for number, policy in enumerate(world.policies)
        if _changes_nothing(matrix, number, NONE, pods)
    ]


def removable(world: World) -> list[Redundant]:
    """Policies that may all go at once; of equal ones the first stays."""
    matrix = world.matrix()
    pods = _members(matrix)
    found: list[Redundant] = []
    gone = NONE
    for number in reversed(range(len(world.policies))):
        if _changes_nothing(matrix, number, gone, pods):
            found.append(Redundant(world.policies[number], _beside(matrix, number, gone)))
            gone |= {number}
    return found[::-1]


def _members(matrix: Matrix) -> Counter[int]:
    """How many pods each class stands for, those included that a template will make."""
    found: Counter[int] = Counter()
    for pod, number in zip(matrix.pods, matrix.classes.of_pod, strict=True):
        found[number] += standing_for(pod)
    return found


def _beside(matrix: Matrix, number: int, gone: Gone) -> tuple[str, ...]:
    others: dict[int, None] = {}
    for direction in (INGRESS, EGRESS):
        for chosen in matrix.tables[0].selecting[direction]:
            if number in chosen:
                others.update(dict.fromkeys(chosen))
    return tuple(matrix.policies[other].key for other in sorted(others) if other != number and other not in gone)


def _changes_nothing(matrix: Matrix, number: int, gone: Gone, pods: Counter[int]) -> bool:
    """Whether a policy may go when others are gone already."""
    if _beyond(matrix, matrix.policies[number]):
        return False
    return not any(_changed_pair(table, gone, gone | {number}, number, pods) for table in matrix.tables)


def _beyond(matrix: Matrix, policy: Policy) -> bool:
    """Whether a policy is about pods that aren't there: all of a namespace, tomorrow's too, or such as are missing."""
    return (
        policy.pods == EVERYTHING
        or not matrix.classes.subjects(policy)
        or not all(bits is None or bits for rule in matrix.classes.peers(policy) for bits in rule)
    )


def _changed_pair(table: Directions, before: Gone, after: Gone, number: int, pods: Counter[int]) -> bool:
    """Whether leaving the policy out changes a connection over one address family."""
    return any(
        _passing(table, source, target, before) != _passing(table, source, target, after)
        for direction in (INGRESS, EGRESS)
        for end, others in _touched(table, before, after, number, direction)
        for other in members(others)
        for source, target in [(other, end) if direction == INGRESS else (end, other)]
        if (source != target or pods[source] > 1) and not _on_node(table, source, target)
    )


def _touched(table: Directions, before: Gone, after: Gone, number: int, direction: str) -> Iterator[tuple[int, Bits]]:
    """The classes that the policy isolates, with those other classes for which its own side changes."""
    known, unknown = table.meetable()
    for end, chosen in enumerate(table.selecting[direction]):
        if number in chosen and (known | unknown) >> end & 1:
            others = _unequal(table.allowed(end, direction, before), table.allowed(end, direction, after))
            if others & (known | unknown):
                yield end, others & (known | unknown)


def _unequal(before: Partition, after: Partition) -> Bits:
    """The classes to which two partitions give different ports."""
    different = 0
    for bits in (*before.values(), *after.values()):
        different |= bits
    for ports, bits in before.items():
        different &= ~(bits & after.get(ports, 0))
    return different


def _passing(table: Directions, source: int, target: int, gone: Gone) -> int:
    return _ports(table.allowed(source, EGRESS, gone), target) & _ports(table.allowed(target, INGRESS, gone), source)


def _ports(partition: Partition, other: int) -> int:
    for ports, bits in partition.items():
        if bits >> other & 1:
            return ports
    return 0


def _on_node(table: Directions, source: int, target: int) -> bool:
    """Whether the source is the target's node, which no policy stops."""
    if source >= len(table.classes.looks) or target >= len(table.classes.looks):
        return False
    one, other = table.classes.looks[source], table.classes.looks[target]
    return one.host and bool(one.node) and one.node == other.node
