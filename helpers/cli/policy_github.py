"""Findings as commands to GitHub's runner, which shows them at their lines in a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from helpers.policies.linting import Finding
from helpers.policies.reading.unread import Unread
from helpers.policies.wording import clean_line

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github(findings: Iterable[Finding], unread: Sequence[Unread] = ()) -> str:
    """One line a finding, and one for each kind that isn't read."""
    return "\n".join([*map(_finding, findings), *(f"::notice title=not read::{_data(one.sentence)}" for one in unread)])


def _finding(one: Finding) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(one))
    return f"::{_COMMANDS[one.severity]} {properties}::{_data(f'{one.sentence} {one.mend} [{one.id}]')}"


def _properties(one: Finding) -> Iterator[tuple[str, str]]:
    if one.file is not None and not one.file.startswith("<"):
        yield from (("file", one.file.replace("\\", "/")), ("line", str(one.line)), ("col", str(one.column)))
    yield "title", one.policy or one.id


def _data(text: str) -> str:
    """A message as the runner reads it: what begins a command, or ends one, is escaped."""
    return clean_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
