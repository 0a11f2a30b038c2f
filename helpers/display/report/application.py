"""A report on an application as a page: for its developers, and for readers who know Kubernetes little."""

from __future__ import annotations

from html import escape

from helpers.display.report import findings, picture, stands, suggested, words
from helpers.display.report.page import Part, page
from helpers.display.report.tables import figures, listing, prose, table
from helpers.policies.reporting.report import Needed, Report
from helpers.policies.wording import plural, short

MOST_ROWS = 3000
"""So many needed calls have a row; the JSON has them all."""


def report_page(report: Report, title: str = "Who may call whom") -> str:
    """The report as one HTML page."""
    parts = [
        Part("The picture", picture.body(report)),
        Part("Needed, but cut", _cut(report)),
        Part("What the application needs", _needs(report)),
        Part("What is open though nothing needs it", stands.body(report)),
        Part("Findings", findings.body(report)),
        Part("Suggested policies", suggested.body(report)),
        Part("What this report doesn't know", _unread(report)),
        Part("The words", words.GLOSSARY),
    ]
    return page(title, parts, lead=_lead(report), foot=words.FOOT, style=picture.style(), scripts=[picture.script()])


def _lead(report: Report) -> str:
    severities = ", ".join(plural(count, name) for name, count in report.severities.items()) or "none"
    return prose(words.LEAD) + figures(
        [
            (
                len(report.workloads),
                "workloads",
                f"in {plural(len({one.namespace for one in report.workloads}), 'namespace')}",
            ),
            (
                len(report.world.policies),
                "policies",
                f"{len(report.unselected):,} workloads accept everything",
            ),
            (len(report.cut), "needed calls cut", f"of {len(report.needed)} that are needed"),
            (report.open, "calls open", "though nothing needs them"),
            (
                len(report.findings),
                "findings",
                severities + (f"; {report.known} more are known" if report.known else ""),
            ),
        ]
    )


def _cut(report: Report) -> str:
    if not report.cut:
        return prose("None: every call that the application declares is allowed." if report.needed else words.NO_NEED)
    items = [
        f"<strong>{escape(_call(one))}</strong><br>{escape(one.verdict.sentence)}"
        + listing([f"{escape(miss.direction)}: {escape(str(miss))}" for miss in one.verdict.misses])
        + f'<p class="quiet">Needed because of {escape("; ".join(one.why))}.</p>'
        for one in report.cut[:MOST_ROWS]
    ]
    return prose(words.CUT) + listing(items, found=True)


def _needs(report: Report) -> str:
    if not report.needed:
        return prose(words.NO_NEED)
    rows = [
        [
            escape(short(one.call.source)),
            escape(short(one.call.target)),
            escape(f"{one.call.protocol} {one.call.port}"),
            _verdict(one),
            escape("; ".join(one.why)),
        ]
        for one in report.needed[:MOST_ROWS]
    ]
    left = len(report.needed) - len(rows)
    return (
        prose(words.NEEDS)
        + table(("caller", "called", "port", "policies say", "how it is known"), rows)
        + (prose(f"{left} more are in the JSON form of this report.") if left else "")
        + (f"<h3>What couldn't be followed</h3>{listing(map(escape, report.notes))}" if report.notes else "")
    )


def _verdict(one: Needed) -> str:
    if not one.verdict:
        return '<span class="bad">✗ cut</span>'
    by = ", ".join(map(short, one.verdict.policies)) or "no policy limits it"
    return f'<span class="good">✓ allowed</span> <span class="quiet">({escape(by)})</span>'


def _call(one: Needed) -> str:
    return one.arrow.through if one.arrow is not None else str(one.call)


def _unread(report: Report) -> str:
    lines = [escape(str(one)) for one in report.problems] + [escape(one.sentence) for one in report.unread]
    return (prose(words.UNREAD) + listing(lines) if lines else prose("Everything in the input was read.")) + listing(
        map(escape, words.LIMITS)
    )
