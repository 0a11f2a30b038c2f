"""Who reaches whom as a table: what is, and what the draft would change. Signs and words, not colour alone."""

from __future__ import annotations

from collections.abc import Iterable

from helpers.display.grid import CELLS, Cell, Grid, ends_of, grid
from helpers.display.widgets.pane import does, esc
from helpers.display.widgets.proposal import Proposal
from helpers.policies import home
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.wording import short

MOST_WORKLOADS = 30
"""More than these are not shown at once: then only those whose calls would change."""


def matrix_html(proposal: Proposal) -> str:
    """The table of a proposal: a row for each caller, a column for each workload that has a port."""
    found, said = _grid(proposal)
    if not found.columns:
        return f'<p class="lab-hint">{said or "No pod of this cluster declares a port."}</p>'
    head = "".join(f'<th scope="col"><span>{esc(_brief(name))}</span></th>' for name in found.columns)
    rows = "".join(_row(found, source) for source in found.rows)
    caption = f"Rows call columns. {said}"
    return (
        f'<div class="lab-scroll" data-keep="matrix"><table class="lab-reach"><caption>{esc(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>{_LEGEND}"
    )


_LEGEND = (
    '<p class="lab-legend">'
    + " ".join(f'<span class="lab-{state}">{mark}</span> {words}' for state, (mark, words) in CELLS.items() if mark)
    + ' <span class="lab-needed lab-cut">−</span> framed: the application needs it</p>'
)


def _row(found: Grid, source: str) -> str:
    cells = "".join(_cell(found.cells[source, target]) for target in found.columns)
    return f'<tr><th scope="row">{esc(_brief(source))}</th>{cells}</tr>'


def _cell(cell: Cell) -> str:
    if cell.call is None:
        return '<td class="lab-self"></td>'
    mark, said = CELLS[cell.state]
    words = f"{cell.call}: {said}"
    frame = " lab-needed" if cell.needed and cell.state in ("opened", "cut") else ""
    return (
        f'<td class="lab-{cell.state}{frame}"><button type="button" {does("ask", *cell.call)} '
        f'title="{esc(words)}" aria-label="{esc(words)}">{mark}</button></td>'
    )


def _grid(proposal: Proposal) -> tuple[Grid, str]:
    """The table, and what to say about it."""
    rows = ends_of(proposal.reach)[0]
    if len(rows) <= MOST_WORKLOADS:
        return grid(proposal.reach, proposal.ground.reach), ""
    changed = [*proposal.change.closed, *proposal.change.opened]
    said = f"Of {len(rows)} workloads, those with calls that would change."
    return (
        grid(
            proposal.reach,
            proposal.ground.reach,
            _some(call.source for call in changed),
            _some(call.target for call in changed if call.target != OUTSIDE),
        ),
        said if changed else f"No call between the {len(rows)} workloads would change.",
    )


def _some(ends: Iterable[str]) -> list[str]:
    return sorted(set(ends), key=home.first)[:MOST_WORKLOADS]


def _brief(end: str) -> str:
    return "outside" if end == OUTSIDE else short(end).removesuffix("service")
