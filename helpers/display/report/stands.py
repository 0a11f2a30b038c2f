"""What is open though nothing needs it: the matrix folded by namespace, and each namespace's workloads."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from helpers.display.report import words
from helpers.display.report.tables import fold, prose, table
from helpers.policies.reporting.report import Report
from helpers.policies.reporting.standing import ELSEWHERE, Count, Standing
from helpers.policies.wording import listed, plural, short

FEW = 40
"""Up to so many workloads a namespace is shown unfolded."""

MOST_COLUMNS = 12
"""Above so many namespaces the matrix is a list of pairs."""


def body(report: Report) -> str:
    """The part of the page."""
    if not report.workloads:
        return prose(words.NO_WORKLOAD)
    return (
        prose(words.OPEN) + _namespaces(report) + "<h3>The workloads</h3>" + prose(words.STANDING) + _workloads(report)
    )


def _namespaces(report: Report) -> str:
    names = list(dict.fromkeys(one.namespace for one in report.workloads))
    if len(names) > MOST_COLUMNS:
        return _pairs(report)
    called = [*names, ELSEWHERE]
    rows = [
        [f"from {_named(caller)}", *(_cell(report.namespaces.get((caller, one), Count())) for one in called)]
        for caller in [*names, ELSEWHERE]
    ]
    return table(("", *(f"to {_plain(one)}" for one in called)), rows)


def _pairs(report: Report) -> str:
    """The pairs of many namespaces: each caller's, most open first."""
    found = []
    for caller, entries in groupby(report.namespaces.items(), key=lambda entry: entry[0][0]):
        pairs = sorted(entries, key=lambda entry: (-entry[1].cut, -entry[1].open, entry[0]))
        rows = [[_named(target), str(one.needed), str(one.cut), f"{one.open:,}"] for (_, target), one in pairs]
        total = sum(one.open for _, one in pairs)
        found.append(
            fold(
                f"from <strong>{_named(caller)}</strong>: {total:,} open calls into {plural(len(rows), 'namespace')}",
                table(("to", "needed", "cut", "open"), rows, texts=1),
            )
        )
    return "".join(found)


def _cell(count: Count) -> str:
    marks = [
        f'<span class="{kind}" title="{title}">{mark} {number:,}</span>'
        for kind, mark, number, title in (
            ("good", "●", count.needed, "needed and allowed"),
            ("bad", "✗", count.cut, "needed, but cut"),
            ("extra", "○", count.open, "open, though nothing needs it"),
        )
        if number
    ]
    return " ".join(marks) or '<span class="quiet" title="nothing is allowed, and nothing needed">·</span>'


def _workloads(report: Report) -> str:
    spaces = [(name, list(group)) for name, group in groupby(report.workloads, key=lambda one: one.namespace)]
    opened = len(report.workloads) <= FEW
    return "".join(fold(_summary(name, group), _table(group), opened=opened) for name, group in spaces)


def _summary(name: str, group: Sequence[Standing]) -> str:
    alone = sum(not one.ingress for one in group)
    return f"<strong>{_named(name)}</strong>: {plural(len(group), 'workload')}, {alone} of them open to all"


def _table(group: Sequence[Standing]) -> str:
    head = ("workload", "state", "may be called, needed", "cut", "unneeded", "may call, needed", "cut", "unneeded")
    rows = [
        [
            f'{escape(one.name)} <span class="quiet">{escape(_kind(one))}</span>',
            _state(one),
            *(cell for count in (one.calls_in, one.calls_out) for cell in _numbers(count)),
        ]
        for one in group
    ]
    return table(head, rows, texts=2)


def _kind(one: Standing) -> str:
    return f"{one.kind} ×{one.pods}" if one.pods != 1 else one.kind


def _numbers(count: Count) -> tuple[str, str, str]:
    return str(count.needed), f'<b class="bad">{count.cut}</b>' if count.cut else "0", f"{count.open:,}"


def _state(one: Standing) -> str:
    policies = dict.fromkeys(map(short, (*one.ingress, *one.egress)))
    return escape(one.state + (f" by {listed(policies, most=3)}" if policies else ""))


def _named(namespace: str) -> str:
    return escape(_plain(namespace))


def _plain(namespace: str) -> str:
    return namespace or "outside"
