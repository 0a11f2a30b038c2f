"""What a lint rule reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from helpers.policies.model import Policy
from helpers.policies.reading.places import place_of
from helpers.policies.wording import clean_line

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: which rule (`id`), how grave ("error", "warning", "note"), where, what, and how to mend it.

    `file`, `line` and `column` (from 1) are None for objects that weren't read from text; `policy` is "ns/name", or
    empty when no single policy is at fault; `path` is the field. `instead` is the label `key=value`, or the name, that
    was probably meant there.
    """

    id: str
    severity: str
    file: str | None
    line: int | None
    column: int | None
    policy: str
    sentence: str
    mend: str
    path: str = ""
    instead: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file is not None else ""
        return clean_line(f"{place}{self.severity}: {self.sentence} {self.mend} [{self.id}]")


def finding(
    rule: str,
    severity: str,
    source: Mapping[str, Any] | None,
    path: str,
    policy: str,
    sentence: str,
    mend: str,
    instead: str = "",
) -> Finding:
    """A Finding at a field of an object."""
    place = place_of(source) if source is not None else None
    if place is None:
        return Finding(rule, severity, None, None, None, policy, sentence, mend, path, instead)
    line, column = place.find(path)
    return Finding(rule, severity, place.file, line, column, policy, sentence, mend, path, instead)


def report(rule: str, severity: str, policy: Policy, path: str, sentence: str, mend: str, instead: str = "") -> Finding:
    """A Finding at a field of a policy."""
    return finding(rule, severity, policy.source, path, policy.key, sentence, mend, instead)
