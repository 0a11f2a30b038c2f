"""Who reaches whom as a table: what is, and what the draft would change. Signs and words, not colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpers.display.tables import CELLS
from helpers.display.widgets.pane import does, esc
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.reach import OUTSIDE, Call, short

MOST_WORKLOADS = 30
"""More than these are not shown at once: then only those whose calls would change."""

_SIGNS = {state: mark for state, (mark, _) in CELLS.items() if mark} | {"opened": "+", "cut": "−"}
_WORDS = {state: words for state, (_, words) in CELLS.items()} | {
    "opened": "would be allowed", "cut": "would be denied"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of workloads: `state` is one of the words of _WORDS; `call` is the one to explain on a click."""

    state: str
    needed: bool
    call: Call
    calls: tuple[Call, ...]


def matrix_html(proposal: Proposal) -> str:
    """The table of a proposal: a row for each caller, a column for each workload that has a port."""
    sources, targets, said = _ends(proposal)
    if not targets:
        return f'<p class="lab-hint">{said or "No pod of this cluster declares a port."}</p>'
    head = "".join(f'<th scope="col"><span>{esc(_brief(name))}</span></th>' for name in targets)
    doors = _doors(proposal)
    rows = "".join(_row(proposal, source, targets, doors) for source in sources)
    caption = f"Rows call columns. {said}"
    return (f'<div class="lab-scroll" data-keep="matrix"><table class="lab-reach"><caption>{esc(caption)}</caption>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>{_LEGEND}")


_LEGEND = ('<p class="lab-legend">' + " ".join(
    f'<span class="lab-{name}">{_SIGNS[name]}</span> {_WORDS[name]}' for name in _SIGNS)
    + ' <span class="lab-needed lab-cut">−</span> framed: the application needs it</p>')


def _row(proposal: Proposal, source: str, targets: Sequence[str], doors: dict[str, tuple[tuple[int, str], ...]]) -> str:
    cells = "".join(_cell(proposal, source, target, doors[target]) for target in targets)
    return f'<tr><th scope="row">{esc(_brief(source))}</th>{cells}</tr>'


def _cell(proposal: Proposal, source: str, target: str, ports: Iterable[tuple[int, str]]) -> str:
    if source == target:
        return '<td class="lab-self"></td>'
    cell = cell_of(proposal, [Call(source, target, port, protocol) for port, protocol in ports])
    if cell is None:
        return '<td class="lab-self"></td>'
    words = f"{cell.call}: {_WORDS[cell.state]}"
    frame = " lab-needed" if cell.needed and cell.state in ("opened", "cut") else ""
    return (f'<td class="lab-{cell.state}{frame}"><button type="button" {does("ask", *cell.call)} '
            f'title="{esc(words)}" aria-label="{esc(words)}">{_SIGNS[cell.state]}</button></td>')


def cell_of(proposal: Proposal, calls: Sequence[Call]) -> Cell | None:
    """The cell of a pair: of several ports the one that tells most decides, a needed or a changed one."""
    if calls and calls[0].source == OUTSIDE:
        calls = [call for call in calls if call in proposal.difference.needed]
    if not calls:
        return None
    needed = proposal.difference.needed
    first = min(calls, key=lambda call: (call not in needed, _state(proposal, call) not in ("opened", "cut")))
    return Cell(_state(proposal, first), first in needed, first, tuple(calls))


def _state(proposal: Proposal, call: Call) -> str:
    now, then = call in proposal.ground.reach, call in proposal.reach
    if now == then:
        needed = call in proposal.difference.needed
        return ("needed" if now else "blocked") if needed else ("open" if now else "denied")
    return "opened" if then else "cut"


def _doors(proposal: Proposal) -> dict[str, tuple[tuple[int, str], ...]]:
    """The ports of each workload: those it would open to somebody if there were no policy."""
    found: dict[str, dict[tuple[int, str], None]] = {}
    for doors in proposal.ground.empty.rows.values():
        for target, port, protocol in doors:
            found.setdefault(target, {})[port, protocol] = None
    return {target: tuple(sorted(ports)) for target, ports in found.items()}


def _ends(proposal: Proposal) -> tuple[list[str], list[str], str]:
    """The rows, the columns, and what to say about them."""
    sources = sorted(proposal.ground.reach.rows, key=_place)
    targets = sorted(_doors(proposal), key=_place)
    if len(sources) <= MOST_WORKLOADS:
        return sources, targets, ""
    changed = [*proposal.difference.closed, *proposal.difference.opened]
    rows = sorted({call.source for call in changed}, key=_place)[:MOST_WORKLOADS]
    columns = sorted({call.target for call in changed}, key=_place)[:MOST_WORKLOADS]
    said = f"Of {len(sources)} workloads, those with calls that would change."
    return rows, columns, said if changed else f"No call between the {len(sources)} workloads would change."


def _place(end: str) -> tuple[bool, bool, str]:
    return end != OUTSIDE, not end.startswith("default/"), end


def _brief(end: str) -> str:
    return "outside" if end == OUTSIDE else short(end).removesuffix("service")
