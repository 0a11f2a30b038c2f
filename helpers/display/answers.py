"""The engine's answers as HTML: a verdict, the linter's findings, a suggestion. The engine itself knows no page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from helpers.lab import tones
from helpers.policies.model.addresses import is_address
from helpers.policies.wording import listed, short

if TYPE_CHECKING:
    from helpers.lab.course.advice import Findings
    from helpers.policies import Finding, Side, Suggestion, Verdict

_LEFT = 'style="text-align:left"'  # JupyterLab sets cells of tables to the right
_TONES = {"error": tones.BAD, "warning": tones.WARN, "note": tones.QUIET}


def verdict_html(verdict: Verdict) -> str:
    """Whether a connection is allowed, why, and how near each policy came."""
    mark, colour = "✓ allowed" if verdict.allowed else "✗ denied", tones.verdict(verdict.allowed)
    rows = "".join(
        f"<tr><th {_LEFT}>{side.direction}</th><td {_LEFT}>{html.escape(_side_text(side, end))}</td></tr>"
        for side, end in ((verdict.egress, verdict.source), (verdict.ingress, verdict.target))
    )
    misses = "".join(
        f"<li><code>{html.escape(miss.policy)}</code> {html.escape(miss.reason)}</li>" for miss in verdict.misses
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in verdict.notes)
    return (
        f'<p><strong style="color:{colour}">{mark}</strong> {html.escape(verdict.connection)}<br>'
        f"{html.escape(verdict.cause)}.</p><table>{rows}</table>"
        + (f"<p>How near each policy came:</p><ul>{misses}</ul>" if misses else "")
        + (f"<p>Note:</p><ul>{notes}</ul>" if notes else "")
    )


def _side_text(side: Side, end: str) -> str:
    if side.note:
        return side.note
    if is_address(end):
        return "outside the cluster: no policy applies to it"
    if not side.isolated:
        return "not isolated: no policy selects this end"
    if side.rule:
        return f"{'allowed' if side.allowed else 'denied'} by {side.rule}"
    return f"denied: isolated by {listed(side.isolating)}"


def finding_html(finding: Finding) -> str:
    """One mistake, where it is, and how to mend it."""
    place = f" <small>{html.escape(finding.file)}:{finding.line}</small>" if finding.file is not None else ""
    return (
        f'<p><strong style="color:{_TONES[finding.severity]}">{finding.severity}</strong> '
        f"<code>{finding.id}</code>{place}<br>"
        f"{html.escape(finding.sentence)} <em>{html.escape(finding.mend)}</em></p>"
    )


def findings_html(findings: Findings) -> str:
    """All that the linter found, or that it found nothing."""
    return "".join(map(finding_html, findings)) or f"<p>{html.escape(repr(findings))}</p>"


def suggestion_html(suggestion: Suggestion) -> str:
    """How many policies were written, what the matrix says of them, and their names."""
    proof = suggestion.proof
    checked = (
        "they allow these arrows and nothing more"
        if proof.exact
        else f"{html.escape(proof.sentence)}, as <code>.proof</code> lists"
    )
    keys = (f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in suggestion.policies)
    names = "".join(f"<li>{html.escape(short(key))}</li>" for key in keys)
    folded = f"<details><summary>The policies</summary><ul>{names}</ul></details>" if names else ""
    doubted = "".join(f"<li>{html.escape(one)}</li>" for one in proof.unproven)
    doubted = f"<p>Not proven:</p><ul>{doubted}</ul>" if doubted else ""
    return f"<p><strong>{suggestion.counted}.</strong> Checked by the matrix: {checked}.</p>{doubted}{folded}"
