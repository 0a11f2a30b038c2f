"""docs/faults.md, its list of faults: written by the run that tried them.

A fault is a test of `tests/faults` or `tests/security`. Its sentence is the first line of the test's docstring, or
the test's name; its outcome what came of all its rounds, and the figures that it printed. A run writes what it tried
and leaves the lines of what it didn't.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- written by `make faults` -->", "<!-- to here -->"
FOLDERS = ("faults", "security")


class Outcomes:
    """A plugin of pytest: what a run has tried, by file and test; written at its end."""

    def __init__(self) -> None:
        self._titles: dict[tuple[str, str], str] = {}
        self._results: dict[tuple[str, str], list[str]] = {}
        self._figures: dict[tuple[str, str], list[str]] = {}
        self._headings: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what is said about the tests."""
        for item in session.items:
            file, name = _key(item.nodeid)
            if file.split("/")[0] in FOLDERS and isinstance(item, pytest.Function):
                self._headings[file] = _first_line(item.module.__doc__)
                self._titles[file, name] = _first_line(item.function.__doc__) or _words(name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        key = _key(report.nodeid)
        if key not in self._titles or (report.when != "call" and report.passed):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        result = (
            f"not tried: {reason.removeprefix('Skipped: ')}"
            if report.skipped
            else ("held" if report.passed else "**failed**")
        )
        self._results.setdefault(key, []).append(result)
        self._figures.setdefault(key, []).extend(line for line in report.capstdout.splitlines() if line.strip())

    def pytest_sessionfinish(self) -> None:
        """Put the list into the document."""
        text = DOCUMENT.read_text()
        before, _, rest = text.partition(BEGIN)
        old, _, after = rest.partition(END)
        rows = _rows(old)
        for key in self._results:
            rows[self._headings[key[0]], _words(key[1])] = (self._titles[key], self._outcome(key))
        DOCUMENT.write_text(before + BEGIN + "\n" + _table(rows) + END + after)

    def _outcome(self, key: tuple[str, str]) -> str:
        results = self._results[key]
        said = [
            f"{result}{f', {results.count(result)} times' if results.count(result) > 1 else ''}"
            for result in dict.fromkeys(results)
        ]
        return "; ".join([*said, *self._figures[key][:3]]).replace("|", "\\|")


Rows = dict[tuple[str, str], tuple[str, str]]
"""By heading and test: what was done and must be true, and what came of it."""


def _rows(text: str) -> Rows:
    """The list as it stands."""
    found: Rows = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("**"):
            heading = line.strip("*")
        elif line.startswith("| ") and not line.startswith(("| fault", "| ---")):
            name, title, outcome = re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
            found[heading, name] = title, outcome
    return found


def _table(rows: Rows) -> str:
    lines = []
    for heading in sorted({heading for heading, _ in rows}):
        lines += [f"\n**{heading}**\n", "| fault | what must be true | outcome |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {title if title != name else ''} | {outcome} |"
            for (of, name), (title, outcome) in rows.items()
            if of == heading
        ]
    return "\n".join(lines) + "\n\n"


def _key(nodeid: str) -> tuple[str, str]:
    path, _, name = nodeid.partition("::")
    return path.removeprefix("tests/"), name.partition("[")[0]


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
