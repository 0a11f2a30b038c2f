"""docs/kubectl.md, written by the test run: what was tried, with which client, and what came of it."""

from __future__ import annotations

from pathlib import Path

from .habits import HABITS, Habit
from .kubectls import OLDEST_VERSION

DOCUMENT = Path(__file__).parents[2] / "docs" / "kubectl.md"
PINNED, OLDEST, PYTHON = "1.37.1", OLDEST_VERSION, "Python 37"
CLIENTS = (PINNED, OLDEST, PYTHON)
HEAD = """# What the lab's cluster answers

Written by `pytest tests/api`: every line was typed on a cluster of the lab, as `python -m helpers up --empty` starts
it, and its answer checked, when this file was made. The columns are two versions of kubectl, and the call of the
official Python client (`kubernetes` 37) that does the same.
"""

# What has to be tried before the document is written: habits by client.
expected: dict[str, set[str]] = {client: {habit.title for habit in HABITS} for client in (PINNED, OLDEST)}
_seen: dict[str, tuple[Habit, dict[str, str]]] = {}


def record(habit: Habit, client: str, call: str = "") -> None:
    """Note that a habit did with `client` what it should."""
    _, found = _seen.setdefault(habit.title, (habit, {}))
    found[client] = f"`{call}`" if call else "yes"


def sentence(output: str) -> str:
    """The line of an output that says why."""
    lines = [line for line in output.splitlines() if line.startswith(("error:", "Error"))]
    return (lines or [""])[-1].removeprefix("error: ")


def write() -> None:
    """Write the document, if this run has tried everything with all clients."""
    for client in CLIENTS:
        if not expected.get(client, {""}) <= {title for title, (_, found) in _seen.items() if client in found}:
            return
    answered = [(habit, found) for habit, found in _seen.values() if not habit.refused]
    refused = [(habit, found) for habit, found in _seen.values() if habit.refused]
    lines = [HEAD, _row("kubectl", *CLIENTS), _row(*["---"] * (1 + len(CLIENTS)))]
    lines += [_row(_code(habit.title), *(found.get(client, "") for client in CLIENTS)) for habit, found in answered]
    lines += ["", "## Refused", "", "What the lab does not have is refused with one sentence.", ""]
    lines += [_row("kubectl", "sentence"), _row("---", "---")]
    lines += [_row(_code(habit.title), habit.says[0]) for habit, _ in refused]
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text("\n".join(lines) + "\n")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"
