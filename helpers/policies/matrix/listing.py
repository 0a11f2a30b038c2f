"""A matrix as a list of connections, by workload or by pod, in netpol-analyzer's form and as JSON, CSV and DOT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from helpers.policies.matrix.rows import Rows
from helpers.policies.matrix.units import Folded, Members, Unit, unit_name, units
from helpers.policies.model import Pod
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.model.ports import Span, spans_text
from helpers.policies.model.regions import Range, merge, range_text

Backend = tuple[Pod, int]


class Connection(NamedTuple):
    """One line of the matrix: `source => target : text`; `spans` are the ports as (protocol, first, last)."""

    source: str
    target: str
    text: str
    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return f"{self.source} => {self.target} : {self.text}"

    def as_dict(self) -> dict[str, Any]:
        ports = [{"protocol": protocol, "first": first, "last": last} for protocol, first, last in self.spans]
        return {"src": self.source, "dst": self.target, "conn": self.text, "ports": ports}


def connections(matrix: Rows, backends: Iterable[Backend] = ()) -> list[Connection]:
    """Every allowed connection between units, of a unit's members with each other, and with the outside; sorted as
    the text output is.

    `backends` are the (pod, port) pairs behind Ingress objects: they get a line from the ingress controller, which
    counts as a pod without labels in a namespace of its own.
    """
    return sorted([*_lines(matrix), *_from_controller(matrix, backends)])


def _from_controller(matrix: Rows, backends: Iterable[Backend]) -> Iterator[Connection]:
    reached: dict[str, set[int]] = {}
    for pod, port in backends:
        if matrix.admits_stranger(pod, port):
            reached.setdefault(unit_name(pod, matrix.by), set()).add(port)
    for name, ports in reached.items():
        spans = tuple(("TCP", port, port) for port in sorted(ports))
        yield Connection(INGRESS_CONTROLLER, name, spans_text(spans), spans)


def _lines(matrix: Rows) -> Iterator[Connection]:
    known = units(matrix)
    names, pods = list(known), len(matrix.classes.looks)
    outside = range(pods, matrix.classes.size)
    folded = Folded(matrix, _spread(known, outside))
    inside = (1 << len(names)) - 1
    groups: dict[Members, list[int]] = {}
    for number, unit in enumerate(known.values()):
        groups.setdefault(unit.classes, []).append(number)
    for sources, numbers in groups.items():
        row = folded.row(sources)
        for ports, targets in row.items():
            text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
            others = [(target, names[target]) for target in members(targets & inside)]
            for number in numbers:
                yield from (Connection(names[number], name, text, spans) for target, name in others if target != number)
        yield from _outward(matrix, row, [names[number] for number in numbers], len(names))
    yield from _inward(matrix, folded, names, outside)
    for name, unit in known.items():
        ports = folded.between(unit)
        if ports:
            yield Connection(name, name, matrix.ports.text(ports), matrix.ports.spans(ports))


def _spread(known: Mapping[str, Unit], outside: range) -> dict[int, Bits]:
    """The units of each class, as bits; outside classes follow as units of their own."""
    found: dict[int, Bits] = {number: 1 << len(known) + place for place, number in enumerate(outside)}
    for number, unit in enumerate(known.values()):
        for its in unit.classes:
            found[its] = found.get(its, 0) | 1 << number
    return found


def _outward(matrix: Rows, row: Mapping[int, Bits], names: Sequence[str], first: int) -> Iterator[Connection]:
    """What some units with one row may reach outside, whose bits begin at `first`."""
    reached = {
        len(matrix.classes.looks) + place: ports
        for ports, targets in row.items()
        for place in members(targets >> first)
    }
    for ports, span in _ranges(matrix, reached):
        text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
        yield from (Connection(name, span, text, spans) for name in names)


def _inward(matrix: Rows, folded: Folded, names: Sequence[str], outside: range) -> Iterator[Connection]:
    """What may come in from outside."""
    reaching: dict[int, dict[int, int]] = {}
    for number in outside:
        for ports, targets in folded.row((number,)).items():
            for target in members(targets & (1 << len(names)) - 1):
                reaching.setdefault(target, {})[number] = ports
    alike: dict[tuple[tuple[int, int], ...], list[str]] = {}
    for target, reached in reaching.items():
        alike.setdefault(tuple(reached.items()), []).append(names[target])
    for entries, reachable in alike.items():
        for ports, span in _ranges(matrix, dict(entries)):
            text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
            yield from (Connection(span, name, text, spans) for name in reachable)


def _ranges(matrix: Rows, reached: dict[int, int]) -> Iterator[tuple[int, str]]:
    """Outside classes with their ports as (ports, range): neighbours with equal ports are one range."""
    ranges: dict[int, list[Range]] = {}
    for number, ports in reached.items():
        if ports:
            ranges.setdefault(ports, []).extend(matrix.outside_ranges(number))
    for ports, spans in ranges.items():
        for span in merge(spans):
            yield ports, range_text(span)


def text(matrix: Rows) -> str:
    """The matrix in the form of netpol-analyzer's list command, one connection a line."""
    return "\n".join(map(str, connections(matrix)))
