"""What each class may send and take, one direction at a time, as sets of classes.

`Directions.egress(c)` maps sets of ports to the classes that c may send to, as far as its own policies say;
`ingress(c)` the same for whom it may take from. A connection needs both, which is for `matrix` to combine.
Each address family has its own table, because an ipBlock means addresses of one family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from helpers.policies.matrix.classes import Classes
from helpers.policies.matrix.kept import Entry, Partition, Work
from helpers.policies.matrix.looks import PortName, rules
from helpers.policies.model import EGRESS, INGRESS, Action, Policy, Rule
from helpers.policies.model.bits import Bits, disjoint, from_members, members
from helpers.policies.model.ports import PortSpace, Span

Piece = tuple[int, Bits]
"""A set of ports, and the classes to which it applies."""


def port_space(policies: Iterable[Policy], classes: Classes) -> PortSpace:
    """The ports cut at every bound that a rule, or a named port that a rule uses, mentions."""
    spans: set[Span] = {
        (port.protocol, port.first, port.last)
        for policy in policies
        for rule in rules(policy)
        for port in rule.ports
        if not port.name
    }
    spans.update((protocol, number, number) for look in classes.looks for (protocol, _), number in look.ports)
    return PortSpace(spans)


class Directions:
    """Egress and ingress of every class under some policies, for one address family."""

    def __init__(
        self, classes: Classes, policies: Sequence[Policy], ports: PortSpace, family: int, work: Work | None = None
    ) -> None:
        self.classes, self.policies, self.ports, self.family = classes, policies, ports, family
        self.everyone: Bits = (1 << classes.size) - 1
        self._named = self._resolve()
        self._blocks: dict[int, Bits] = self._block_members()
        self._work = Work() if work is None else work.trimmed()
        self.selecting: dict[str, list[list[int]]] = {
            direction: [[] for _ in classes.looks] for direction in (INGRESS, EGRESS)
        }
        for number in sorted(range(len(policies)), key=lambda number: policies[number].rank):
            policy = policies[number]
            subjects = list(members(classes.subjects(policy)))
            for direction in (INGRESS, EGRESS):
                if policy.rules(direction) is not None:
                    for subject in subjects:
                        self.selecting[direction][subject].append(number)

    def _resolve(self) -> dict[PortName, dict[int, Bits]]:
        """Named port -> number -> the classes whose pods have it there."""
        found: dict[PortName, dict[int, list[int]]] = {}
        for number, look in enumerate(self.classes.looks):
            if not look.host:
                for name, port in look.ports:
                    found.setdefault(name, {}).setdefault(port, []).append(number)
        size = self.classes.size
        return {
            name: {port: from_members(classes, size) for port, classes in numbers.items()}
            for name, numbers in found.items()
        }

    def _block_members(self) -> dict[int, Bits]:
        """Number of a block -> the classes with an address inside."""
        versions = [block.version for block in self.classes.blocks]
        found: dict[int, list[int]] = {}
        for number, look in enumerate(self.classes.looks):
            for block in members(look.blocks):
                if versions[block] == self.family:
                    found.setdefault(block, []).append(number)
        for number, mask in enumerate(self.classes.outside_blocks, len(self.classes.looks)):
            for block in members(mask):
                if versions[block] == self.family:
                    found.setdefault(block, []).append(number)
        return {block: from_members(classes, self.classes.size) for block, classes in found.items()}

    def entries(self, policy: Policy, direction: str) -> list[Entry]:
        """The rules of a policy for a direction."""
        known = self._work.entries
        found = known.get((policy, direction))
        if found is None:
            peers, middle = self.classes.peers(policy), len(policy.ingress or ())
            for way, mine in ((INGRESS, peers[:middle]), (EGRESS, peers[middle:])):
                known[policy, way] = [
                    self._entry(rule, bits) for rule, bits in zip(policy.rules(way) or (), mine, strict=True)
                ]
            found = known[policy, direction]
        return found

    def _entry(self, rule: Rule, meant: tuple[Bits | None, ...]) -> Entry:
        peers: Bits = 0 if rule.peers else self.everyone
        for peer, bits in zip(rule.peers, meant, strict=True):
            if bits is not None:
                peers |= bits
            elif peer.block is not None:
                peers |= self._blocks.get(self.classes.blocks[peer.block], 0)
        numbers = 0 if rule.ports else self.ports.all
        for port in rule.ports:
            if not port.name:
                numbers |= self.ports.bits(port.protocol, port.first, port.last)
        names = tuple((port.protocol, port.name) for port in rule.ports if port.name)
        return numbers, names, peers, rule.action

    def isolated(self, number: int, direction: str) -> bool:
        """Whether some policy isolates this class; host-network pods and outside classes never are."""
        return number < len(self.classes.looks) and any(
            self.policies[policy].tier.default is Action.DENY for policy in self.selecting[direction][number]
        )

    def allowed(self, number: int, direction: str, without: frozenset[int] = frozenset()) -> Partition:
        """Whom a class may send to or take from; `without` leaves policies out."""
        if number >= len(self.classes.looks):
            return {self.ports.all: self.everyone}
        chosen = tuple([self.policies[policy] for policy in self.selecting[direction][number] if policy not in without])
        if not chosen:
            return {self.ports.all: self.everyone}
        key = (direction, chosen, self.classes.looks[number].ports if direction == INGRESS else None)
        found = self._work.partitions.get(key)
        if found is None:
            found = self._work.partitions[key] = self._partition(chosen, direction, number)
        return found

    def _partition(self, chosen: tuple[Policy, ...], direction: str, number: int) -> Partition:
        """Tier by tier: what a rule allows is allowed, what it denies is out, what it passes the next tier decides."""
        left: Partition = {self.ports.all: self.everyone}
        allowed: list[Piece] = []
        for tier, policies in groupby(chosen, attrgetter("tier")):
            entries = [entry for policy in policies for entry in self.entries(policy, direction)]
            if tier.default is Action.DENY and all(entry[3] is Action.ALLOW for entry in entries):
                pieces = self._summed(entries, direction, number)
                allowed += (piece for one in pieces for piece in _within(left, one))
                return disjoint(allowed)
            passed: list[Piece] = []
            for entry in entries:
                for piece in self._pieces(entry, direction, number):
                    sink = {Action.ALLOW: allowed, Action.PASS: passed}.get(entry[3])
                    if sink is not None:
                        sink += _within(left, piece)
                    left = _without(left, piece)
            left = disjoint([*passed, *left.items()] if tier.default is Action.PASS else passed)
        return disjoint([*allowed, *left.items()])

    def _summed(self, entries: Iterable[Entry], direction: str, number: int) -> Iterable[Piece]:
        """The pieces of some rules, those with the same ports joined."""
        sums: dict[int, Bits] = {}
        for entry in entries:
            if entry[1]:
                for ports, peers in self._pieces(entry, direction, number):
                    sums[ports] = sums.get(ports, 0) | peers
            else:
                sums[entry[0]] = sums.get(entry[0], 0) | entry[2]
        return sums.items()

    def _pieces(self, entry: Entry, direction: str, number: int) -> Iterator[Piece]:
        """What one rule means toward or from a class: sets of ports, each with the other ends."""
        ports, names, peers, _ = entry
        if direction == INGRESS:
            yield ports | self._own(names, number), peers
            return
        yield ports, peers
        for name in names:  # which each destination resolves for itself
            for port, having in self._named.get(name, {}).items():
                yield self.ports.bits(name[0], port, port), peers & having

    def _own(self, names: tuple[PortName, ...], number: int) -> int:
        """The ports that names mean on one class's own pods."""
        bits = 0
        for (protocol, name), port in self.classes.looks[number].ports:
            if (protocol, name) in names and not self.classes.looks[number].host:
                bits |= self.ports.bits(protocol, port, port)
        return bits

    def meetable(self) -> tuple[Bits, Bits]:
        """(classes with an address of this family, classes of pods whose address isn't known)."""
        return self._meetable

    @cached_property
    def _meetable(self) -> tuple[Bits, Bits]:
        known: list[int] = []
        unknown: list[int] = []
        for number, look in enumerate(self.classes.looks):
            (unknown if not look.families else known if self.family in look.families else []).append(number)
        for number, ranges in enumerate(self.classes.outside, len(self.classes.looks)):
            if ranges[0][0] == self.family:
                known.append(number)
        return from_members(known, self.classes.size), from_members(unknown, self.classes.size)


def _within(partition: Partition, piece: Piece) -> Iterator[Piece]:
    """What a partition and a piece have in common."""
    for ports, bits in partition.items():
        if ports & piece[0] and bits & piece[1]:
            yield ports & piece[0], bits & piece[1]


def _without(partition: Partition, piece: Piece) -> Partition:
    """What a partition has beyond a piece."""
    left: Partition = {}
    for ports, bits in partition.items():
        inside = bits & piece[1]
        for kept, some in ((ports, bits ^ inside), (ports & ~piece[0], inside)):
            if kept and some:
                left[kept] = left.get(kept, 0) | some
    return left
