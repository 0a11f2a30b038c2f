"""Findings that are known already, so that a check fails for new ones alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpers.policies.linting import Finding


def unknown(findings: Iterable[Finding], baseline: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The findings that a baseline (findings as `Finding.as_dict`) doesn't hold; each entry answers for one.

    Lines don't count: a file may grow above a known finding.
    """
    left = Counter(_key(one) for one in baseline)
    fresh = []
    for one in findings:
        key = _key(one.as_dict())
        if left[key]:
            left[key] -= 1
        else:
            fresh.append(one)
    return fresh


def _key(entry: Mapping[str, Any]) -> tuple[str, ...]:
    file = str(entry.get("file") or "").replace("\\", "/").removeprefix("./")
    return str(entry.get("id")), file, str(entry.get("policy")), str(entry.get("sentence"))
