"""Who may call whom, on the ports and protocols that matter.

A port matters where a container declares it or where the application needs it. The world outside calls what the
application shows to it, and is itself called over HTTPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from helpers.policies.judging.naming import DNS_PORT, dns_pods
from helpers.policies.judging.verdicts import Verdict
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.matrix.units import Folded, units
from helpers.policies.model.addresses import OUTSIDE, OUTSIDE_ADDRESS, is_address
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.wording import short
from helpers.policies.world import World

OUTSIDE_PORT = ("TCP", 443)
"""The door of the world outside."""

Door = tuple[str, int]
"""(protocol, port)."""


class Need(Protocol):
    """A call that the application needs."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def protocol(self) -> str: ...


class Call(NamedTuple):
    """A possible connection: ends are `ns/name[Kind]` of workloads, OUTSIDE, or an address; the port is the pod's."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{short(self.source)} → {short(self.target)} {self.protocol} {self.port}"


@dataclass(frozen=True)
class Stage:
    """What worlds are asked about: ends, the doors on which each may be called, and the calls that are needed.

    An end is a bit, its place in `ends`; `doors` gives the ends that matter on each.
    """

    ends: tuple[str, ...]
    doors: Mapping[Door, Bits]
    needs: frozenset[Call]
    lookups: frozenset[Call]

    @classmethod
    def of(cls, needs: Iterable[Need], *worlds: World) -> Stage:
        """The ends and doors of all these worlds together."""
        listed = list(needs)
        ends = dict.fromkeys(key for world in worlds for key in world.workloads)
        ends |= dict.fromkeys(
            [
                OUTSIDE,
                *(
                    end
                    for need in listed
                    for end in (need.source, need.target)
                    if is_address(end) or end == INGRESS_CONTROLLER
                ),
            ]
        )
        bits = {end: 1 << number for number, end in enumerate(ends)}
        wanted = [
            Call(need.source, need.target, need.port, need.protocol)
            for need in listed
            if need.source in bits and need.target in bits
        ]
        lookups = _lookups(wanted, worlds)
        doors: dict[Door, Bits] = {OUTSIDE_PORT: bits[OUTSIDE]}
        declared = (
            ((port.protocol, port.number), pod.workload_key)
            for world in worlds
            for pod in world.pods
            for port in pod.ports
        )
        for door, target in (*declared, *(((call.protocol, call.port), call.target) for call in (*wanted, *lookups))):
            doors[door] = doors.get(door, 0) | bits[target]
        return cls(tuple(ends), doors, frozenset(wanted), frozenset(lookups))

    @cached_property
    def bits(self) -> Mapping[str, Bits]:
        """Each end as a set of its own."""
        return {end: 1 << number for number, end in enumerate(self.ends)}

    @cached_property
    def needed(self) -> frozenset[Call]:
        """The calls that are needed, the questions to DNS before them included."""
        return self.needs | self.lookups

    @cached_property
    def doors_of(self) -> Mapping[str, tuple[Door, ...]]:
        """The doors of each end that has one, sorted."""
        found: dict[str, list[Door]] = {}
        for door, ends in sorted(self.doors.items(), key=lambda entry: (entry[0][1], entry[0][0])):
            for number in members(ends):
                found.setdefault(self.ends[number], []).append(door)
        return {end: tuple(doors) for end, doors in found.items()}

    def calls(self, source: str) -> Iterator[Call]:
        """Every call that matters from one end, whether it is allowed or not."""
        if _is_workload(source):
            yield from (
                Call(source, target, port, protocol)
                for target, doors in self.doors_of.items()
                for protocol, port in doors
            )
        else:
            yield from sorted(call for call in self.needs if call.source == source)


def _lookups(needs: Iterable[Call], worlds: Iterable[World]) -> Iterable[Call]:
    """What workloads ask the cluster's DNS before they call others by name."""
    servers = {pod.workload_key for world in worlds for pod in dns_pods(world.pods)}
    callers = {call.source for call in needs if _is_workload(call.source) and _is_workload(call.target)}
    return [
        Call(source, server, DNS_PORT, protocol)
        for source in callers
        for server in servers - {source}
        for protocol in ("UDP", "TCP")
    ]


def _is_workload(end: str) -> bool:
    return "/" in end


class Reach:
    """The calls of a stage that a world allows: `rows[source][door]` are the ends that it may call there."""

    def __init__(self, world: World, stage: Stage) -> None:
        self.world, self.stage = world, stage
        self.rows: Mapping[str, Mapping[Door, Bits]] = dict(_Asked(world, stage).rows())

    @classmethod
    def of(cls, world: World, needs: Iterable[Need] = ()) -> Reach:
        """The calls that a world allows, on the ports that its pods declare or that are needed."""
        return cls(world, Stage.of(needs, world))

    @cached_property
    def calls(self) -> frozenset[Call]:
        """The calls that are allowed."""
        return frozenset(
            call
            for source, doors in self.rows.items()
            for door, ends in doors.items()
            for call in calls_of(self.stage, source, door, ends)
        )

    def calls_from(self, source: str, among: Bits) -> Iterator[Call]:
        """The calls that one end may make to others (a set as in `Stage.bits`)."""
        for door, ends in self.rows.get(source, {}).items():
            yield from calls_of(self.stage, source, door, ends & among)

    def verdict(self, call: Call) -> Verdict:
        """Why a call is allowed or denied; of several members of a workload, those that decide it. Raises NotFound."""
        first = self.world.judge(*call)
        if first.allowed == (call in self):
            return first
        pods = [self.world.workloads[end].pods if end in self.world.workloads else (end,) for end in call[:2]]
        verdicts = (
            self.world.judge(source, target, call.port, call.protocol)
            for source in pods[0]
            for target in pods[1]
            if source is not target
        )
        return next((verdict for verdict in verdicts if verdict.allowed == (call in self)), first)

    @cached_property
    def broken(self) -> tuple[Call, ...]:
        """Needed calls that are denied, sorted."""
        return tuple(sorted(call for call in self.stage.needed if call not in self))

    def __contains__(self, call: object) -> bool:
        if not isinstance(call, Call):
            return False
        ends = self.rows.get(call.source, {}).get((call.protocol, call.port), 0)
        return bool(ends & self.stage.bits.get(call.target, 0))


def calls_of(stage: Stage, source: str, door: Door, ends: Bits) -> Iterator[Call]:
    """A row's entry as calls."""
    return (Call(source, stage.ends[number], door[1], door[0]) for number in members(ends))


class _Asked:
    """The matrix of a world, asked about a stage's doors, a row at a time."""

    def __init__(self, world: World, stage: Stage) -> None:
        self._world, self._stage = world, stage
        self._matrix: Matrix = world.matrix()
        self._units = units(self._matrix, "workload")
        self._folded = Folded(self._matrix, self._spread())
        self._held: dict[int, tuple[Door, ...]] = {}

    def _spread(self) -> dict[int, Bits]:
        found: dict[int, Bits] = {}
        ends = [(name, unit.classes) for name, unit in self._units.items()]
        ends += [(end, self._class_outside(end)) for end in self._stage.ends if not _is_workload(end)]
        for name, classes in ends:
            for number in classes:
                found[number] = found.get(number, 0) | self._stage.bits[name]
        return found

    def _class_outside(self, end: str) -> tuple[int, ...]:
        """The class of an address; none for one of a family that no end here has, and for what is never called."""
        try:
            return (self._matrix.class_of(OUTSIDE_ADDRESS if end == OUTSIDE else end),)
        except KeyError:
            return ()

    def rows(self) -> Iterator[tuple[str, Mapping[Door, Bits]]]:
        known: dict[tuple[int, ...], Mapping[Door, Bits]] = {}
        for name, unit in self._units.items():
            if unit.classes not in known:
                known[unit.classes] = self._doors(self._folded.row(unit.classes))
            yield name, self._with_itself(name, known[unit.classes], self._doors_held(self._folded.between(unit)))
        yield from self._from_elsewhere().items()

    def _doors(self, row: Mapping[int, Bits]) -> Mapping[Door, Bits]:
        found: dict[Door, Bits] = {}
        for ports, ends in row.items():
            for door in self._doors_held(ports):
                reached = ends & self._stage.doors[door]
                if reached:
                    found[door] = found.get(door, 0) | reached
        return found

    def _doors_held(self, ports: int) -> tuple[Door, ...]:
        """The stage's doors that are in a set of ports."""
        found = self._held.get(ports)
        if found is None:
            found = self._held[ports] = tuple(
                door for door in self._stage.doors if self._matrix.ports.holds(ports, *door)
            )
        return found

    def _with_itself(self, name: str, row: Mapping[Door, Bits], own: Iterable[Door]) -> Mapping[Door, Bits]:
        """A workload's row, in which the workload itself stands for another of its members."""
        bit, mine = self._stage.bits[name], set(own)
        return {
            door: ends & ~bit | (bit & self._stage.doors[door] if door in mine else 0)
            for door, ends in {**dict.fromkeys(mine, 0), **row}.items()
        }

    def _from_elsewhere(self) -> Mapping[str, Mapping[Door, Bits]]:
        """The rows of ends that are no workloads: they make the calls that are needed, and no others."""
        found: dict[str, dict[Door, Bits]] = {}
        for call in self._stage.needs:
            target = self._world.workloads.get(call.target)
            if _is_workload(call.source) or target is None:
                continue
            row, door = found.setdefault(call.source, {}), (call.protocol, call.port)
            if any(self._world.judge(call.source, pod, call.port, call.protocol) for pod in target.pods):
                row[door] = row.get(door, 0) | self._stage.bits[call.target]
        return found
