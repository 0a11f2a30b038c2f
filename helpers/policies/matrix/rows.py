"""Everything that may reach everything, with ports: one row a class, one bit set a set of ports.

Nothing quadratic in pods is built until `connections` is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Self

from helpers.policies.judging.connection import End, judge
from helpers.policies.matrix.classes import Classes, classify
from helpers.policies.matrix.kept import Kept, Partition
from helpers.policies.matrix.tables import Directions, port_space
from helpers.policies.model import EGRESS, INGRESS, Pod, Policy
from helpers.policies.model.addresses import NotAnAddress, parse_address
from helpers.policies.model.bits import Bits, disjoint, members
from helpers.policies.model.ports import Span
from helpers.policies.model.regions import Range


class Rows:
    """The connections that a set of pods may make under a set of policies.

    `rows[c]` maps sets of ports to the classes that class c may reach on them, disjoint.
    """

    def __init__(self, kept: Kept, policies: Sequence[Policy], families: frozenset[int] = frozenset()) -> None:
        self.pods, self.policies, self.by = kept.pods, policies, "workload"
        self.classes: Classes = classify(policies, kept, families)
        self.ports = port_space(policies, self.classes)
        self.families = self._families()
        likeness = (self.classes.likeness, self.ports.pieces)
        self.tables = [
            Directions(self.classes, policies, self.ports, family, kept.work(likeness, family))
            for family in sorted(self.families)
        ]
        self.rows: list[Partition] = _union([_rows(table, table is self.tables[0]) for table in self.tables])

    def listed(self, by: str) -> Self:
        """The same matrix, listed by "workload" or by "pod"."""
        if by not in ("workload", "pod"):
            raise ValueError(f"a matrix is by 'workload' or by 'pod', not by {by!r}")
        other = copy(self)
        other.by = by
        return other

    def _families(self) -> frozenset[int]:
        found = {family for look in self.classes.looks for family in look.families}
        found |= {ranges[0][0] for ranges in self.classes.outside}
        return frozenset(found or [4])

    @cached_property
    def _class_of(self) -> dict[str, int]:
        return {pod.key: number for pod, number in zip(self.pods, self.classes.of_pod, strict=True)}

    def class_of(self, end: Pod | str) -> int:
        """The class of a pod (or its "ns/name"), or of an outside address; raises KeyError for another name."""
        if isinstance(end, Pod):
            return self._class_of[end.key]
        try:
            version, value = parse_address(end)
        except NotAnAddress:
            return self._class_of[end]
        for number, ranges in enumerate(self.classes.outside, len(self.classes.looks)):
            if any(family == version and first <= value <= last for family, first, last in ranges):
                return number
        raise KeyError(end)

    def reach(self, source: int, target: int) -> int:
        """The set of ports on which one class may reach another."""
        for ports, bits in self.rows[source].items():
            if bits >> target & 1:
                return ports
        return 0

    def allows(self, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP") -> bool:
        """Whether a new connection to the pod port is allowed; ends are pods, "ns/name" or outside addresses."""
        ends = [end.key if isinstance(end, Pod) else end for end in (source, target)]
        if ends[0] == ends[1]:
            return True
        return self.ports.holds(self.reach(self.class_of(source), self.class_of(target)), protocol, port)

    def spans(self, source: Pod | str, target: Pod | str) -> tuple[Span, ...]:
        """The ports on which one end may reach another, as (protocol, first, last)."""
        return self.ports.spans(self.reach(self.class_of(source), self.class_of(target)))

    def admits_stranger(self, pod: Pod, port: int, protocol: str = "TCP") -> bool:
        """Whether a pod's ingress lets in a pod of which nothing is known: no labels, a namespace of its own."""
        stranger = Pod(namespace="\0", name="stranger", labels={})
        chosen = self.tables[0].selecting[INGRESS][self._class_of[pod.key]]
        own = [self.policies[number] for number in chosen]
        end = End(pod, pod.parsed_addresses, pod.key)
        verdict = judge(
            End(stranger, (), "stranger"),
            end,
            port,
            protocol,
            {"\0": {}},
            lambda one, direction: own if one is pod and direction == INGRESS else (),
        )
        return verdict.allowed

    def outside_ranges(self, number: int) -> tuple[Range, ...]:
        return self.classes.outside[number - len(self.classes.looks)]

    def __len__(self) -> int:
        """How many classes of pods there are."""
        return len(self.classes.looks)


def _rows(table: Directions, primary: bool) -> list[Partition]:
    """The rows over one address family; pods of unknown address meet each other only in the primary one."""
    classes = table.classes
    pods = len(classes.looks)
    known, unknown = table.meetable()
    taking = _transposed(table)
    rows: list[Partition] = []
    for number in range(classes.size):
        meets = known | unknown if primary or known >> number & 1 else known
        if not (known | unknown) >> number & 1:
            meets = 0
        elif number >= pods:
            meets &= classes.pods
        sending = table.allowed(number, EGRESS)
        rows.append(_both(sending, taking[number], meets))
    _nodes(table, rows, known | unknown)
    return rows


def _transposed(table: Directions) -> list[Partition]:
    """For each class as a source: set of ports -> the classes that take that from it."""
    classes = table.classes
    pods = len(classes.looks)
    by_sources: dict[Bits, Partition] = {}
    for target in range(pods):
        for ports, sources in table.allowed(target, INGRESS).items():
            row = by_sources.setdefault(sources, {})
            row[ports] = row.get(ports, 0) | 1 << target
    open_row = by_sources.pop(table.everyone, {})
    outside = table.everyone ^ classes.pods
    open_row[table.ports.all] = open_row.get(table.ports.all, 0) | outside
    taking = [open_row.copy() for _ in range(classes.size)]
    for sources, row in by_sources.items():
        entries = list(row.items())
        for source in members(sources):
            mine = taking[source]
            for ports, targets in entries:
                if ports in mine:
                    mine[ports] |= targets
                else:
                    mine[ports] = targets
    return taking


def _both(sending: Partition, taking: Partition, meets: Bits) -> Partition:
    """Where both ends agree, among the classes that can be met at all."""
    row: Partition = {}
    for sent, targets in sending.items():
        targets &= meets
        if not targets:
            continue
        for taken, takers in taking.items():
            bits, ports = targets & takers, sent & taken
            if bits and ports:
                row[ports] = row.get(ports, 0) | bits
    return row


def _nodes(table: Directions, rows: list[Partition], meets: Bits) -> None:
    """Let host-network pods, which are their node, reach the pods on it whatever the policies say."""
    nodes: dict[str, Bits] = {}
    for number, look in enumerate(table.classes.looks):
        if look.node and not look.host:
            nodes[look.node] = nodes.get(look.node, 0) | 1 << number
    for number, look in enumerate(table.classes.looks):
        if look.host and look.node and meets >> number & 1:
            mine = nodes.get(look.node, 0) & meets
            rows[number] = disjoint([*rows[number].items(), (table.ports.all, mine)])


def _union(views: list[list[Partition]]) -> list[Partition]:
    """A connection is allowed when it is over one of the address families."""
    if len(views) == 1:
        return views[0]
    return [disjoint([entry for view in views for entry in view[number].items()]) for number in range(len(views[0]))]
