"""A matrix as a list of connections, by workload or by pod, in netpol-analyzer's form and as JSON, CSV and DOT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from helpers.policies.matrix.rows import Rows
from helpers.policies.model import Pod
from helpers.policies.model.bits import members
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.model.ports import Span, spans_text
from helpers.policies.model.regions import Range, merge, range_text
from helpers.policies.model.workloads import workloads

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


Members = tuple[int, ...]
"""The classes of a unit's pods, ascending; nearly always one."""


def unit_name(pod: Pod, by: str) -> str:
    """`ns/name[Kind]` of the workload, or `ns/name[Pod]` of the pod."""
    return pod.workload_key if by == "workload" else f"{pod.key}[Pod]"


def units(matrix: Rows) -> dict[str, Members]:
    """Each unit with the classes of its pods."""
    found: dict[str, set[int]] = {}
    for pod, number in zip(matrix.pods, matrix.classes.of_pod, strict=True):
        found.setdefault(unit_name(pod, matrix.by), set()).add(number)
    return {name: tuple(sorted(classes)) for name, classes in found.items()}


def replicated(matrix: Rows) -> frozenset[str]:
    """The units whose pods may call each other: workloads of several pods."""
    if matrix.by == "pod":
        return frozenset()
    return frozenset(key for key, workload in workloads(matrix.pods).items() if workload.several)


class Folded:
    """The matrix between groups of classes; asks for each pair of groups once."""

    def __init__(self, matrix: Rows) -> None:
        self.matrix = matrix
        self._rows: dict[Members, dict[int, int]] = {}

    def row(self, sources: Members) -> dict[int, int]:
        """Class -> set of ports on which one of the sources may reach it."""
        found = self._rows.get(sources)
        if found is None:
            found = self._rows[sources] = {}
            for source in sources:
                for ports, bits in self.matrix.rows[source].items():
                    for target in members(bits):
                        found[target] = found.get(target, 0) | ports
        return found

    def ports(self, sources: Members, targets: Members) -> int:
        row, ports = self.row(sources), 0
        for target in targets:
            ports |= row.get(target, 0)
        return ports


def connections(matrix: Rows, backends: Iterable[Backend] = ()) -> list[Connection]:
    """Every allowed connection between different units and with the outside, sorted as the text output is.

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
    folded, all_units, several = Folded(matrix), units(matrix), replicated(matrix)
    groups: dict[Members, list[str]] = {}
    for name, classes in all_units.items():
        groups.setdefault(classes, []).append(name)
    outside = range(len(matrix.classes.looks), matrix.classes.size)
    ends = list(groups.items())
    for sources, names in ends:
        for targets, others in ends:
            ports = folded.ports(sources, targets)
            if ports:
                text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
                for name in names:
                    for other in others:
                        if other != name or name in several:
                            yield Connection(name, other, text, spans)
        row = folded.row(sources)
        for ports, span in _ranges(matrix, {number: row.get(number, 0) for number in outside}):
            text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
            for name in names:
                yield Connection(name, span, text, spans)
        reaching = {number: folded.ports((number,), sources) for number in outside}
        for ports, span in _ranges(matrix, reaching):
            text, spans = matrix.ports.text(ports), matrix.ports.spans(ports)
            for name in names:
                yield Connection(span, name, text, spans)


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
