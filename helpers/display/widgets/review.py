"""The linter's findings on a proposal, at the lines of the open sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from helpers.display.widgets import yamltext
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import Document, Fix, Mark, Span
from helpers.policies import Finding, home, lint

NOWHERE = Span(0, 0, 0)
"""The place of a finding that concerns no line of the open sheet."""

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def review(proposal: Proposal) -> list[Mark]:
    """What the linter says of the cluster as it would be; findings on the open sheet's policies have a line there."""
    sheet = proposal.draft.open
    reading = yamltext.read(sheet.sound) if sheet else None
    open_here = {yamltext.key(document.value): document for document in reading.documents} if reading else {}
    text = sheet.sound if sheet else ""
    found = [_mark(finding, open_here, text) for finding in lint(proposal.world)]
    return sorted(found, key=lambda mark: (mark.span.line == 0, mark.span.line))


def _mark(finding: Finding, documents: Mapping[str, Document], text: str) -> Mark:
    document = documents.get(finding.policy)
    span = document.span(finding.path) if document else NOWHERE
    fix = _fix(finding, document, text) if document and finding.instead else None
    return Mark(span, _SEVERITIES[finding.severity], home.spoken(finding.sentence), finding.mend, fix)


def _fix(finding: Finding, document: Document, text: str) -> Fix | None:
    """What was probably meant, in the place of the label or port that is written; None when that isn't on one line."""
    label, equals, value = finding.instead.partition("=")
    if equals:
        field = _field_of_label(finding.path, document, label, value)
        new = f"{label}: {yamltext.scalar(value)}"
    else:
        field = finding.path
        new = f"{field.rpartition('.')[2]}: {yamltext.scalar(label)}"
    span = document.spans.get(field, NOWHERE)
    old = text.split("\n")[span.line - 1][span.column - 1 : span.end - 1] if span.end else ""
    return Fix(span, old, new) if _WRITTEN.fullmatch(old) else None


_WRITTEN = re.compile(r"[^\s:]+:\s+\S+")
"""A key with its value."""


def _field_of_label(path: str, document: Document, label: str, value: str) -> str:
    """The field of the label that was meant to be this one: it has its key, or else its value; empty for none."""
    at = f"{path}.matchLabels"
    written = {field.removeprefix(f"{at}."): field for field in document.spans if field.startswith(f"{at}.")}
    found: object = document.value
    for part in re.findall(r"[^.\[\]]+", at):
        found = found[int(part)] if isinstance(found, list) else found[part] if isinstance(found, dict) else None
    alike = [key for key, other in found.items() if other == value] if isinstance(found, dict) else []
    return written.get(label) or next((written[key] for key in alike if key in written), "")
