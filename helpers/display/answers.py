"""The engine's answers as HTML: a verdict, the linter's findings, a suggestion. The engine itself knows no page."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from helpers.lab import tones
from helpers.policies import home
from helpers.policies.model.addresses import is_address
from helpers.policies.wording import listed, short

if TYPE_CHECKING:
    from helpers.lab.course.advice import Findings
    from helpers.policies import Finding, Side, Suggestion, Verdict

_TONES = {"error": tones.BAD, "warning": tones.WARN, "note": tones.QUIET}


def verdict_html(verdict: Verdict) -> str:
    """A card: the verdict and the connection, then its two steps with a row a policy, then what else to know."""
    mark = "✓ allowed" if verdict.allowed else "✗ denied"
    ends = f"{_end(verdict.source)} → {_end(verdict.target)}"
    steps = "".join(
        _step(number, words, side, verdict)
        for number, (words, side) in enumerate(
            ((f"leaves {verdict.source}", verdict.egress), (f"enters {verdict.target}", verdict.ingress)), 1
        )
    )
    notes = "".join(f"<li>{html.escape(home.spoken(note))}</li>" for note in verdict.notes)
    return (
        f'<div class="lab-card"><style>{_CARD}</style>'
        f'<p class="head"><strong style="color:{tones.verdict(verdict.allowed)}">{mark}</strong> '
        f"<b>{ends}</b> <span>{verdict.protocol} {verdict.port}</span></p>"
        f'<ol>{steps}</ol><p class="cause">{_end(verdict.cause)}.</p>'
        + (f"<ul>{notes}</ul>" if notes else "")
        + "</div>"
    )


_CARD = (
    ".lab-card{border:1px solid rgba(128,128,128,.45);border-radius:4px;padding:8px 14px;max-width:80ch}"
    ".lab-card .head{font-size:1.3em;margin:0 0 6px}.lab-card .head strong{margin-right:.4em}"
    ".lab-card .head span{font-size:.75em}.lab-card p{margin:4px 0}"
    ".lab-card ol,.lab-card ul{margin:2px 0;padding-left:1.4em}"
    f".lab-card small,.lab-card .cause,.lab-card>ul{{color:{tones.QUIET}}}"
    ".lab-card ol ul{list-style:none;padding-left:.6em}"
)
_HASH = re.compile(r"(?<=[a-z0-9])(-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5})\b")
"""What a Deployment's pod has after its name."""


def _end(text: str) -> str:
    """A text as one says it, with what tells a pod from its siblings small and grey."""
    return _HASH.sub(r"<small>\1</small>", html.escape(home.spoken(text)))


def _step(number: int, words: str, side: Side, verdict: Verdict) -> str:
    end = verdict.source if number == 1 else verdict.target
    sign = f'<b style="color:{tones.verdict(side.allowed)}">{"✓" if side.allowed else "✗"}</b>'
    misses = [miss for miss in verdict.misses if miss.direction == side.direction] if not side.allowed else []
    rows = "".join(
        f"<li>✗ <b>{html.escape(home.spoken(miss.policy))}</b> "
        + _end(f"wants {miss.wants}; {miss.got}" if miss.wants else miss.reason)
        + "</li>"
        for miss in misses
    )
    return (
        f'<li data-direction="{side.direction}">{sign} {_end(words)}: {_end(_side_text(side, end))}'
        f"{f'<ul>{rows}</ul>' if rows else ''}</li>"
    )


def _side_text(side: Side, end: str) -> str:
    if side.note:
        return side.note
    if is_address(end):
        return "outside the cluster: no policy applies to it"
    if not side.isolated:
        return "not isolated, no policy selects this end"
    if side.rule:
        return f"{'allowed' if side.allowed else 'denied'} by {side.rule}"
    return f"isolated for {side.direction} by {listed(side.isolating)}"


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
