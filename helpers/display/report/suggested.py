"""Suggested policies on a page: what they would change, what is proven of them and what isn't, and the diff."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from helpers.display.report import words
from helpers.display.report.tables import fold, listing, prose
from helpers.policies.application.change import Change
from helpers.policies.application.reach import Call
from helpers.policies.reporting.report import Report
from helpers.policies.reporting.rewriting import Rewriting
from helpers.policies.wording import listed, plural, short

MOST_CALLS = 40
"""So many calls of a kind are listed one by one."""

LONGEST = 300_000
"""So many characters of the diff are shown."""


def body(report: Report) -> str:
    """The part of the page."""
    suggestion, rewriting, change = report.suggestion, report.rewriting, report.change
    if suggestion is None or rewriting is None or change is None:
        return prose(f"None, because {report.silence}.")
    proof = suggestion.proof
    doubts = [
        *(f"Not allowed though needed: {line}" for line in proof.missing),
        *(f"Allowed besides: {line}" for line in proof.extra),
        *(f"Not proven: {line}" for line in proof.unproven),
        *suggestion.notes,
    ]
    return (
        prose(words.SUGGESTED)
        + prose(f"Written: {suggestion.counted}. Checked by the matrix: {proof.sentence}.")
        + listing(map(escape, doubts))
        + _changes(change)
        + _diff(rewriting)
    )


def _changes(change: Change) -> str:
    closed = [call for call in change.closed if call not in change.needed]
    groups = (
        ("Needed, and would work again", "good", change.mended),
        ("Needed, and would be cut", "bad", change.broken),
        ("Open today, and would be closed", "extra", closed),
    )
    return "<h3>What they would change</h3>" + listing(
        f'<span class="{kind}">{title}: <strong>{len(calls):,}</strong></span>{_calls(calls)}'
        for title, kind, calls in groups
    )


def _calls(calls: Iterable[Call]) -> str:
    lines = [escape(str(call)) for call in calls]
    more = [f"and {len(lines) - MOST_CALLS:,} more"] if len(lines) > MOST_CALLS else []
    return fold("which ones", listing([*lines[:MOST_CALLS], *more])) if lines else ""


def _diff(rewriting: Rewriting) -> str:
    parts = [
        f"{plural(len(names), 'policy', 'policies')} {word} ({listed(map(short, names), most=8)})"
        for word, names in (
            ("would be new", rewriting.added),
            ("would go", rewriting.removed),
            ("would change", rewriting.changed),
        )
        if names
    ]
    text = rewriting.text if len(rewriting.text) <= LONGEST else rewriting.text[:LONGEST] + "\n… (cut here)"
    lines = "\n".join(map(_line, text.splitlines()))
    said = prose(f"{listed(parts)}.") if parts else prose("They are the policies that are there already.")
    return "<h3>The diff</h3>" + said + (fold("Show it", f'<pre tabindex="0">{lines}</pre>') if lines else "")


def _line(line: str) -> str:
    kind = {"+": "good", "-": "bad"}.get(line[:1], "")
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)
