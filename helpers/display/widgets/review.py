"""The linter's findings on a proposal, at the lines of the open sheet."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.display.widgets import yamltext
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.yamltext import Document, Mark, Span
from helpers.policies import Finding, home, lint

NOWHERE = Span(0, 0, 0)
"""The place of a finding that concerns no line of the open sheet."""

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def review(proposal: Proposal) -> list[Mark]:
    """What the linter says of the cluster as it would be; findings on the open sheet's policies have a line there."""
    sheet = proposal.draft.open
    reading = yamltext.read(sheet.sound) if sheet else None
    open_here = {yamltext.key(document.value): document for document in reading.documents} if reading else {}
    found = [_mark(finding, open_here) for finding in lint(proposal.world)]
    return sorted(found, key=lambda mark: (mark.span.line == 0, mark.span.line))


def _mark(finding: Finding, documents: Mapping[str, Document]) -> Mark:
    document = documents.get(finding.policy)
    span = document.span(finding.path) if document else NOWHERE
    return Mark(span, _SEVERITIES[finding.severity], home.spoken(finding.sentence), finding.mend)
