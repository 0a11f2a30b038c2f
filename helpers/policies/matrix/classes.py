"""Classes of pods that no policy can tell apart, and of outside addresses likewise.

Everything after this works on classes, so its cost depends on the policies and not on the number of pods. Each
class is one bit; outside classes follow the pods' classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helpers.policies.matrix.index import Index
from helpers.policies.matrix.kept import Kept
from helpers.policies.matrix.looks import Look, Vocabulary
from helpers.policies.model import Peer, Policy
from helpers.policies.model.addresses import Block
from helpers.policies.model.bits import Bits, from_members, members
from helpers.policies.model.regions import Range


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The classes of one world under one set of policies.

    `of_pod[i]` is the class of pod i; `looks[c]` represents class c. `outside[k]` are the ranges of outside
    class k, whose bit is `len(looks) + k`, and `outside_blocks[k]` the blocks that hold it.
    """

    looks: tuple[Look, ...]
    of_pod: tuple[int, ...]
    outside: tuple[tuple[Range, ...], ...]
    outside_blocks: tuple[Bits, ...]
    blocks: Mapping[Block, int]
    _index: Index
    _class_of_look: Sequence[int]
    _known: dict[Bits, Bits] = field(default_factory=dict)

    @property
    def pods(self) -> Bits:
        """All classes of pods."""
        return (1 << len(self.looks)) - 1

    @property
    def size(self) -> int:
        return len(self.looks) + len(self.outside)

    @property
    def likeness(self) -> object:
        """Equal for equal classes of the same pods."""
        return self._index, tuple(self._class_of_look)

    def subjects(self, policy: Policy) -> Bits:
        """The classes that a policy selects."""
        return self._classes(self._index.meaning(policy).subjects)

    def peers(self, policy: Policy) -> tuple[tuple[Bits | None, ...], ...]:
        """The classes of each peer by rule, ingress rules first; None for an ipBlock."""
        return tuple(
            [
                tuple([None if bits is None else self._classes(bits) for bits in rule])
                for rule in self._index.meaning(policy).peers
            ]
        )

    def peer(self, peer: Peer, namespace: str | None) -> Bits:
        """The classes of pods that a peer without ipBlock means in a policy of a namespace."""
        return self._classes(self._index.peer(peer, namespace))

    def _classes(self, some: Bits) -> Bits:
        """A set of looks as a set of classes."""
        if self._index.size == len(self.looks):
            return some
        found = self._known.get(some)
        if found is None:
            found = self._known[some] = from_members(
                {self._class_of_look[look] for look in members(some)}, len(self.looks)
            )
        return found


def classify(policies: Sequence[Policy], kept: Kept, families: frozenset[int] = frozenset()) -> Classes:
    """Sort the pods and the addresses into the classes that these policies make of them.

    `families` are the address families to look at besides those that pods and policies mention.
    """
    words = Vocabulary.of(policies)
    distinct, of_pod, index, outside = kept.sorted(words, families)
    merged = _merge(distinct, index, policies)
    representatives: list[Look] = []
    for look, number in zip(distinct, merged, strict=True):
        if number == len(representatives):
            representatives.append(look)
    return Classes(
        tuple(representatives),
        tuple([merged[number] for number in of_pod]),
        tuple([ranges for _, ranges in outside]),
        tuple([mask for mask, _ in outside]),
        words.blocks,
        index,
        merged,
    )


def _merge(distinct: Sequence[Look], index: Index, policies: Sequence[Policy]) -> list[int]:
    """For each look the number of its class: looks in just the same sets of all policies are one class."""
    sets: dict[Bits, None] = {}
    for policy in policies:
        meaning = index.meaning(policy)
        sets[meaning.subjects] = None
        for rule in meaning.peers:
            for bits in rule:
                if bits is not None:
                    sets[bits] = None
    seen_by: list[list[int]] = [[] for _ in distinct]
    for number, bits in enumerate(sets):
        for look in members(bits):
            seen_by[look].append(number)
    classes: dict[object, int] = {}
    return [
        classes.setdefault((tuple(seen), look.ports, look.blocks, look.families, look.host, look.node), len(classes))
        for look, seen in zip(distinct, seen_by, strict=True)
    ]
