"""What each class may send and take, one direction at a time, as sets of classes.

`Directions.egress(c)` maps sets of ports to the classes that c may send to, as far as its own policies say;
`ingress(c)` the same for whom it may take from. A connection needs both, which is for `matrix` to combine.
Each address family has its own table, because an ipBlock means addresses of one family.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.policies.bits import Bits, disjoint, from_members, members
from helpers.policies.classes import Classes
from helpers.policies.looks import PortName, rules
from helpers.policies.model import EGRESS, INGRESS, Policy, Rule
from helpers.policies.ports import PortSpace, Span

Partition = dict[int, Bits]
"""Set of ports -> classes, the sets of classes disjoint."""

Entry = tuple[int, tuple[PortName, ...], Bits]
"""One rule: its numeric ports, its port names, the classes it means."""


_MOST_KEPT = 100_000


def port_space(policies: Iterable[Policy], classes: Classes) -> PortSpace:
    """The ports cut at every bound that a rule, or a named port that a rule uses, mentions."""
    spans: set[Span] = {(port.protocol, port.first, port.last)
                        for policy in policies for rule in rules(policy) for port in rule.ports if not port.name}
    spans.update((protocol, number, number)
                 for look in classes.looks for (protocol, _), number in look.ports)
    return PortSpace(spans)


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


class Directions:
    """Egress and ingress of every class under some policies, for one address family."""

    def __init__(self, classes: Classes, policies: Sequence[Policy], ports: PortSpace, family: int,
                 work: Work | None = None) -> None:
        self.classes, self.policies, self.ports, self.family = classes, policies, ports, family
        self.everyone: Bits = (1 << classes.size) - 1
        self._named = self._resolve()
        self._blocks: dict[int, Bits] = self._block_members()
        self._work = Work() if work is None else work.trimmed()
        self.selecting: dict[str, list[list[int]]] = {
            direction: [[] for _ in classes.looks] for direction in (INGRESS, EGRESS)}
        for number, policy in enumerate(policies):
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
        return {name: {port: from_members(classes, size) for port, classes in numbers.items()}
                for name, numbers in found.items()}

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
                known[policy, way] = [self._entry(rule, bits)
                                      for rule, bits in zip(policy.rules(way) or (), mine, strict=True)]
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
        return numbers, tuple((port.protocol, port.name) for port in rule.ports if port.name), peers

    def isolated(self, number: int, direction: str) -> bool:
        """Whether some policy isolates this class; host-network pods and outside classes never are."""
        return number < len(self.classes.looks) and bool(self.selecting[direction][number])

    def allowed(self, number: int, direction: str, without: frozenset[int] = frozenset()) -> Partition:
        """Whom a class may send to or take from; `without` leaves policies out."""
        if number >= len(self.classes.looks):
            return {self.ports.all: self.everyone}
        chosen = tuple([self.policies[policy] for policy in self.selecting[direction][number]
                        if policy not in without])
        if not chosen:
            return {self.ports.all: self.everyone}
        key = (direction, chosen, self.classes.looks[number].ports if direction == INGRESS else None)
        found = self._work.partitions.get(key)
        if found is None:
            found = self._work.partitions[key] = self._partition(chosen, direction, number)
        return found

    def _partition(self, chosen: tuple[Policy, ...], direction: str, number: int) -> Partition:
        sums: dict[int, Bits] = {}
        for policy in chosen:
            for ports, names, peers in self.entries(policy, direction):
                if not names:
                    sums[ports] = sums.get(ports, 0) | peers
                elif direction == INGRESS:
                    own = ports | self._own(names, number)
                    sums[own] = sums.get(own, 0) | peers
                else:
                    self._toward(ports, names, peers, sums)
        return disjoint(sums.items())

    def _own(self, names: tuple[PortName, ...], number: int) -> int:
        """The ports that names mean on one class's own pods."""
        bits = 0
        for (protocol, name), port in self.classes.looks[number].ports:
            if (protocol, name) in names and not self.classes.looks[number].host:
                bits |= self.ports.bits(protocol, port, port)
        return bits

    def _toward(self, ports: int, names: tuple[PortName, ...], peers: Bits, sums: dict[int, Bits]) -> None:
        """Add an egress rule with port names, which each destination resolves for itself."""
        sums[ports] = sums.get(ports, 0) | peers
        for name in names:
            for number, having in self._named.get(name, {}).items():
                bits = self.ports.bits(name[0], number, number)
                sums[bits] = sums.get(bits, 0) | (peers & having)

    def meetable(self) -> tuple[Bits, Bits]:
        """(classes with an address of this family, classes of pods whose address isn't known)."""
        known: list[int] = []
        unknown: list[int] = []
        for number, look in enumerate(self.classes.looks):
            (unknown if not look.families else known if self.family in look.families else []).append(number)
        for number, ranges in enumerate(self.classes.outside, len(self.classes.looks)):
            if ranges[0][0] == self.family:
                known.append(number)
        return from_members(known, self.classes.size), from_members(unknown, self.classes.size)
