"""Who may reach whom as a grid: a row for each caller, a column for each workload that has a port, a state for each
pair. With another state of the cluster before it, what differs from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.display.drawing.scene import shown
from helpers.policies import home
from helpers.policies.application.reach import Call, Reach

CELLS = {
    "needed": ("●", "needed, allowed"),
    "blocked": ("✗", "needed, but blocked"),
    "open": ("○", "allowed, though nobody needs it"),
    "denied": ("·", "denied, and nobody needs it"),
    "opened": ("+", "would be allowed"),
    "cut": ("−", "would be denied"),
    "self": ("", "itself"),
}
"""What a cell says: mark and words."""

STANDING = ("needed", "blocked", "open", "denied")
"""The states of a grid that is compared with no other."""

_TELLING = ("cut", "opened", "blocked", "open", "needed", "denied")
"""Of several ports of a pair the one that tells most decides; what changes though it is needed goes before all."""


@dataclass(frozen=True)
class Cell:
    """One pair: `state` is a key of CELLS, `call` the one of its `calls` that decided it."""

    state: str
    calls: tuple[Call, ...] = ()
    call: Call | None = None
    needed: bool = False
    reach: Reach | None = field(default=None, repr=False, compare=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Why, one sentence a port."""
        if not self.calls or self.reach is None:
            return ("no Service shows it to the outside",) if self.state == "denied" else ()
        verdicts = [(call, self.reach.verdict(call)) for call in self.calls]
        return tuple(
            f"port {door(call)}: {'allowed' if verdict else 'denied'}"
            + (f" by {', '.join(verdict.policies)}" if verdict.policies else "")
            for call, verdict in verdicts
        )

    @property
    def words(self) -> str:
        return "; ".join([CELLS[self.state][1], *self.sentences])


@dataclass(frozen=True)
class Grid:
    """Rows call, columns are called; both are ends as `Call` names them."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]


def door(call: Call) -> str:
    """A port for a reader, with its protocol if that isn't TCP."""
    return str(call.port) if call.protocol == "TCP" else f"{call.port}/{call.protocol}"


def ends_of(reach: Reach) -> tuple[list[str], list[str]]:
    """All rows and all columns of a world: its application's workloads, what calls them from elsewhere first."""
    inside = list(shown(reach.world, reach.stage.needs))
    elsewhere = sorted({call.source for call in reach.stage.needs if "/" not in call.source and call.target in inside})
    return [*elsewhere, *inside], [key for key in inside if key in reach.stage.doors_of]


def grid(
    reach: Reach, before: Reach | None = None, rows: Sequence[str] | None = None, columns: Sequence[str] | None = None
) -> Grid:
    """The grid of a world, or of some rows and columns of it."""
    callers, called = ends_of(reach)
    callers = callers if rows is None else sorted(rows, key=_place)
    called = called if columns is None else sorted(columns, key=_place)
    before = reach if before is None else before
    return Grid(
        tuple(callers),
        tuple(called),
        {(source, target): _cell(source, target, reach, before) for source in callers for target in called},
    )


def _place(end: str) -> tuple[bool, tuple[bool, str]]:
    return "/" in end, home.first(end)


def _cell(source: str, target: str, reach: Reach, before: Reach) -> Cell:
    workload = reach.world.workloads.get(target)
    if source == target and not (workload and workload.several):
        return Cell("self")
    calls = tuple(_calls(source, target, reach))
    if not calls:
        return Cell("denied")
    needed = reach.stage.needed
    states = {call: _state(call, reach, before) for call in calls}
    first = min(
        calls,
        key=lambda call: (not (call in needed and states[call] in ("cut", "opened")), _TELLING.index(states[call])),
    )
    return Cell(states[first], calls, first, first in needed, reach)


def _calls(source: str, target: str, reach: Reach) -> Iterable[Call]:
    calls = (Call(source, target, port, protocol) for protocol, port in reach.stage.doors_of.get(target, ()))
    return calls if "/" in source else (call for call in calls if call in reach.stage.needs)


def _state(call: Call, reach: Reach, before: Reach) -> str:
    now = call in reach
    if now != (call in before):
        return "opened" if now else "cut"
    if call in reach.stage.needed:
        return "needed" if now else "blocked"
    return "open" if now else "denied"
