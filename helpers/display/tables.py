"""Who may reach whom, as a table."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from helpers.display import palette
from helpers.display.grid import CELLS, STANDING, Grid, ends_of, grid
from helpers.display.view import view_of
from helpers.policies.application.reach import Need, Reach
from helpers.policies.wording import short

if TYPE_CHECKING:
    from helpers.policies import World

_COLOURS = {
    "needed": palette.ALLOWED,
    "blocked": palette.BLOCKED,
    "open": palette.EXTRA,
    "denied": palette.QUIET,
    "self": palette.QUIET,
}
_DARK = {state: palette.DARK[colour] for state, colour in _COLOURS.items()}
MANY = 40
"""Above so many workloads only those that policies select, or that calls need, have rows and columns."""


class Matrix(Grid):
    """Who may reach whom on the ports that matter; shows as a table."""

    def count(self, state: str) -> int:
        """How many pairs are in this state."""
        return sum(cell.state == state for cell in self.cells.values())

    @property
    def sentence(self) -> str:
        """The matrix in words."""
        if not self.cells:
            return "There are no pods to compare yet. Deploy the shop: lab.deploy()"
        blocked = self.count("blocked")
        return (
            f"{self.count('needed') + blocked} pairs need to connect and {blocked} of them "
            f"{'is' if blocked == 1 else 'are'} blocked; {self.count('open')} more pairs may connect though nobody "
            f"needs it; {self.count('denied')} are denied."
        )

    @property
    def exact(self) -> bool:
        """Whether policies allow what is needed, and nothing else."""
        return bool(self.cells) and not self.count("blocked") and not self.count("open")

    def __repr__(self) -> str:
        width = max(map(len, map(short, self.rows)), default=0)
        numbers = " ".join(f"{number + 1:>2}" for number in range(len(self.columns)))
        lines = [f"{'':<{width}}  {numbers}"]
        for row in self.rows:
            marks = " ".join(f" {CELLS[self.cells[row, column].state][0] or '-'}" for column in self.columns)
            lines.append(f"{short(row):<{width}}  {marks}")
        lines += [f"{number + 1:>2} {short(column)}" for number, column in enumerate(self.columns)]
        lines += [f"{mark} {words}" for mark, words in (CELLS[state] for state in STANDING)]
        return "\n".join([*lines, self.sentence])

    def _repr_html_(self) -> str:
        if not self.cells:
            return f"<p>{html.escape(self.sentence)}</p>"
        head = "".join(f'<th scope="col"><span>{html.escape(short(column))}</span></th>' for column in self.columns)
        body = "".join(self._row(row) for row in self.rows)
        key = " ".join(
            f'<span class="entry"><span class="{state}">{mark}</span> {words}&emsp;</span>'
            for state in STANDING
            for mark, words in [CELLS[state]]
        )
        return (
            f'<div class="lab-matrix"><style>{_STYLE}</style><div style="overflow-x:auto"><table>'
            f"<caption>Who may reach whom: rows call, columns are called</caption>"
            f'<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div><p class="key">{key}</p>'
            f"<p>{html.escape(self.sentence)}</p></div>"
        )

    def _row(self, row: str) -> str:
        cells = "".join(self._cell(row, column) for column in self.columns)
        return f'<tr><th scope="row">{html.escape(short(row))}</th>{cells}</tr>'

    def _cell(self, row: str, column: str) -> str:
        cell = self.cells[row, column]
        words = html.escape(f"{short(row)} → {short(column)}: {cell.words}", quote=True)
        return f'<td class="{cell.state}" title="{words}" aria-label="{words}">{CELLS[cell.state][0]}</td>'


_LIGHT = "rgba(33,118,210,.16)"
"""Over row and column of the cell that is pointed at."""
_STYLE = (
    "".join(
        f".lab-matrix .{state}{{color:{colour}}}"
        f'[data-jp-theme-light="false"] .lab-matrix .{state}{{color:{_DARK[state]}}}'
        for state, colour in _COLOURS.items()
    )
    + ".lab-matrix table{border-collapse:collapse;font-size:13px;margin:0}"
    ".lab-matrix caption{text-align:left;font-weight:bold;padding:.2em 0}"
    ".lab-matrix thead th{height:9.5em;vertical-align:bottom;padding:0;font-weight:normal}"
    ".lab-matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}"
    ".lab-matrix tbody th{text-align:right;padding:0 .6em 0 0;font-weight:normal;white-space:nowrap}"
    ".lab-matrix tbody td{width:1.7em;min-width:1.7em;height:1.5em;"
    "text-align:center!important;padding:0;font-size:15px;border:1px solid rgba(128,128,128,.3)}"
    ".lab-matrix td.blocked{font-weight:bold}.lab-matrix td.self{background:rgba(128,128,128,.2)}"
    ".lab-matrix table{overflow:hidden}.lab-matrix tbody td{position:relative}"
    f".lab-matrix tbody tr:hover>*{{box-shadow:inset 0 0 0 99px {_LIGHT}}}"
    f".lab-matrix tbody td:hover:not(.self)::after{{content:'';position:absolute;left:0;right:0;top:-3000px;"
    f"height:6000px;pointer-events:none;background:{_LIGHT}}}"
    ".lab-matrix .entry{white-space:nowrap}.lab-matrix .entry span{font-size:15px}"
)


def matrix(
    world: World | None = None,
    needs: Iterable[Need] | None = None,
    *,
    objects: Iterable[Mapping[str, Any]] | None = None,
) -> Matrix:
    """Who may reach whom under the live cluster's policies, beside what the application needs.

    Give `objects` (dictionaries), or a `world` with its `needs`, to judge something else than the live cluster.
    """
    if world is None:
        world, needs = view_of(objects, needs)
    reach = Reach.of(world, needs or ())
    rows, columns = ends_of(reach)
    if len(rows) > MANY:
        busy = {end for call in reach.stage.needs for end in call[:2]}
        busy |= {
            key
            for key in rows
            if key in world.workloads
            and any(world.isolating(world.workloads[key].pods[0], direction) for direction in ("ingress", "egress"))
        }
        rows, columns = [key for key in rows if key in busy], [key for key in columns if key in busy]
    found = grid(reach, rows=rows, columns=columns)
    return Matrix(found.rows, found.columns, found.cells)
