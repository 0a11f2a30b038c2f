"""A report as Markdown, to be kept beside the manifests or shown by a code host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helpers.policies.application.formats import as_markdown, plain
from helpers.policies.reporting.report import Needed, Report
from helpers.policies.wording import clean, listed, plural, short

MOST = 200
"""So many rows a table has."""


def report_markdown(report: Report, title: str = "Who may call whom") -> str:
    """The report as one Markdown text."""
    return clean("\n\n".join([f"# {plain(title)}", report.sentence, *_parts(report)]) + "\n")


def _parts(report: Report) -> Iterator[str]:
    yield "## Needed, but cut"
    yield _bullets(map(_cut_line, report.cut)) or "None."
    yield "## What the application needs"
    yield _table(
        ("caller", "called", "port", "allowed", "how it is known"),
        (
            [
                short(one.call.source),
                short(one.call.target),
                f"{one.call.protocol} {one.call.port}",
                "yes" if one.verdict else "no",
                "; ".join(one.why),
            ]
            for one in report.needed
        ),
        "No call is declared.",
    )
    yield "## What is open though nothing needs it"
    yield _table(
        ("from", "to", "needed", "cut", "open"),
        (
            [source or "outside", target or "outside", one.needed, one.cut, one.open]
            for (source, target), one in report.namespaces.items()
        ),
        "Nothing.",
    )
    yield "## Findings"
    yield _table(
        ("severity", "rule", "place", "finding", "mend"),
        (
            [one.severity, one.id, f"{one.file}:{one.line}" if one.file else one.policy, one.sentence, one.mend]
            for one in report.findings
        ),
        "None.",
    )
    yield "## Suggested policies"
    yield from _suggested(report)
    yield "## What this report doesn't know"
    lines = [*map(str, report.problems), *(one.sentence for one in report.unread), *report.notes]
    yield _bullets(map(plain, lines)) or "Everything in the input was read."


def _cut_line(one: Needed) -> str:
    misses = "".join(f"\n  - {plain(f'{miss.direction}: {miss}')}" for miss in one.verdict.misses)
    return f"{plain(one.verdict.sentence)} Needed because of {plain('; '.join(one.why))}.{misses}"


def _suggested(report: Report) -> Iterator[str]:
    suggestion, rewriting = report.suggestion, report.rewriting
    if suggestion is None or rewriting is None:
        yield f"None, because {plain(report.silence)}."
        return
    yield f"Written: {suggestion.counted}. Checked by the matrix: {suggestion.proof.sentence}."
    yield _bullets(map(plain, (*(f"Not proven: {one}" for one in suggestion.proof.unproven), *suggestion.notes)))
    for word, names in (("New", rewriting.added), ("Gone", rewriting.removed), ("Changed", rewriting.changed)):
        if names:
            yield f"{word}: {plural(len(names), 'policy', 'policies')}, {plain(listed(map(short, names), most=8))}."
    if rewriting.text:
        yield f"<details><summary>The diff</summary>\n\n{fenced(rewriting.text, 'diff')}\n\n</details>"


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code, whatever backticks it holds."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: tuple[str, ...], rows: Iterable[list[object]], none: str) -> str:
    listing = list(rows)
    if not listing:
        return none
    left = len(listing) - MOST
    return as_markdown(head, listing[:MOST]) + (f"\n\n{left} more are in the JSON form." if left > 0 else "")
