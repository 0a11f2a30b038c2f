"""The linter's findings on a page: by rule, each with its place and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from helpers.display.report import words
from helpers.display.report.tables import fold, listing, prose
from helpers.policies.linting import Finding, about
from helpers.policies.reporting.report import Report
from helpers.policies.wording import plural

FEW = 12
"""Up to so many findings of a rule are shown unfolded."""

MOST = 500
"""So many findings of a rule are listed; the JSON has them all."""


def body(report: Report) -> str:
    """The part of the page."""
    known = prose(f"{plural(report.known, 'finding')} of the baseline not shown.") if report.known else ""
    if not report.findings:
        return prose("None: the linter found nothing to mend.") + known
    rules: dict[tuple[str, str], list[Finding]] = {}
    for one in report.findings:
        rules.setdefault((one.severity, one.id), []).append(one)
    return prose(words.FINDINGS) + "".join(_rule(*key, found) for key, found in rules.items()) + known


def _rule(severity: str, rule: str, found: Sequence[Finding]) -> str:
    summary = (
        f'<strong class="{severity}">{severity}</strong> <code>{escape(rule)}</code> ({len(found)}) '
        f'<span class="quiet">{escape(about(rule))}</span>'
    )
    left = len(found) - MOST
    more = prose(f"{left} more are in the JSON form of this report.") if left > 0 else ""
    return fold(summary, listing(map(_finding, found[:MOST]), found=True) + more, opened=len(found) <= FEW)


def _finding(one: Finding) -> str:
    place = f"{one.file}:{one.line}" if one.file is not None else one.policy
    return f'{escape(one.sentence)} <em>{escape(one.mend)}</em> <code class="quiet">{escape(place)}</code>'
