"""Who reaches whom on the ports that matter, and how two worlds differ in it.

A port matters when a container declares it or when the application's architecture needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from helpers.policies import Pod, World

OUTSIDE = "outside"
OUTSIDE_ADDRESS = "198.51.100.1"
"""An address of no pod, which stands for the world outside; from a block that is kept for documentation."""


class Need(Protocol):
    """A call that the application needs; `helpers.lab.Arrow` is one."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def protocol(self) -> str: ...


class Call(NamedTuple):
    """A possible connection: ends are `namespace/workload` (or OUTSIDE), the port is the pod's."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{short(self.source)} → {short(self.target)} {self.protocol} {self.port}"


def short(end: str) -> str:
    """An end as people say it: without the namespace `default`."""
    return "the outside" if end == OUTSIDE else end.removeprefix("default/")


def workload_of(pod: Pod) -> str:
    """`namespace/name` of a pod's workload."""
    return f"{pod.namespace}/{pod.workload.partition('/')[2] or pod.name}"


Door = tuple[str, int, str]
"""Target, pod port and protocol: a call without its source."""


@dataclass(frozen=True)
class Reach:
    """The calls that a world allows, as doors by source."""

    world: World
    rows: Mapping[str, frozenset[Door]]

    @classmethod
    def of(cls, world: World, needs: Iterable[Need] = ()) -> Reach:
        """Ask the engine about every pair of workloads, and about the outside toward the ports that it needs."""
        stage = Stage.of(world, needs)
        return cls(world, {source: stage.doors_open_to(source) for source in stage.sources})

    @property
    def calls(self) -> frozenset[Call]:
        return frozenset(Call(source, *door) for source, doors in self.rows.items() for door in doors)

    def __contains__(self, call: object) -> bool:
        return isinstance(call, tuple) and call[1:] in self.rows.get(call[0], frozenset())


@dataclass(frozen=True)
class Stage:
    """The workloads of a world by name, with one pod of each to ask for, and the doors of all of them."""

    world: World
    pods: Mapping[str, Pod]
    doors: Mapping[tuple[int, str], tuple[tuple[Door, int], ...]]
    """Port and protocol -> the doors on it, each with its pod's class in the matrix."""
    entrances: tuple[Door, ...]
    matrix: Any

    @classmethod
    def of(cls, world: World, needs: Iterable[Need] = ()) -> Stage:
        pods: dict[str, Pod] = {}
        found: dict[Door, None] = {}
        for pod in world.pods:
            name = workload_of(pod)
            pods.setdefault(name, pod)
            found.update(((name, port.number, port.protocol), None) for port in pod.ports)
        arrows = [need for need in needs if need.target in pods]
        found.update(((need.target, need.port, need.protocol), None) for need in arrows)
        matrix = world.matrix(by="pod")
        doors: dict[tuple[int, str], list[tuple[Door, int]]] = {}
        for door in found:
            doors.setdefault(door[1:], []).append((door, matrix.class_of(pods[door[0]])))
        entrances = tuple((need.target, need.port, need.protocol) for need in arrows if need.source == OUTSIDE)
        return cls(world, pods, {port: tuple(listed) for port, listed in doors.items()}, entrances, matrix)

    @property
    def sources(self) -> Sequence[str]:
        return [*self.pods, OUTSIDE] if self.entrances else list(self.pods)

    def doors_open_to(self, source: str) -> frozenset[Door]:
        if source == OUTSIDE:
            return frozenset(door for door in self.entrances
                             if self.world.judge(OUTSIDE_ADDRESS, self.pods[door[0]], door[1], door[2]))
        matrix = self.matrix
        row = matrix.rows[matrix.class_of(self.pods[source])]
        found: set[Door] = set()
        for (number, protocol), doors in self.doors.items():
            reached = 0
            for ports, classes in row.items():
                if matrix.ports.holds(ports, protocol, number):
                    reached |= classes
            found.update(door for door, its_class in doors if reached >> its_class & 1)
        return frozenset(door for door in found if door[0] != source)


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes allowed and what becomes denied, sorted; `needed` are those that the application needs."""

    opened: tuple[Call, ...]
    closed: tuple[Call, ...]
    needed: frozenset[Call]

    @property
    def broken(self) -> tuple[Call, ...]:
        """Needed calls that would be denied."""
        return tuple(call for call in self.closed if call in self.needed)

    @property
    def mended(self) -> tuple[Call, ...]:
        """Needed calls that would be allowed again."""
        return tuple(call for call in self.opened if call in self.needed)

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)


def difference(before: Reach, after: Reach, needs: Iterable[Need] = ()) -> Difference:
    """How the calls of `after` differ from those of `before`."""
    opened: list[Call] = []
    closed: list[Call] = []
    for source in before.rows.keys() | after.rows.keys():
        old, new = before.rows.get(source, frozenset()), after.rows.get(source, frozenset())
        opened += (Call(source, *door) for door in new - old)
        closed += (Call(source, *door) for door in old - new)
    needed = frozenset(Call(need.source, need.target, need.port, need.protocol) for need in needs)
    return Difference(tuple(sorted(opened)), tuple(sorted(closed)), needed)
