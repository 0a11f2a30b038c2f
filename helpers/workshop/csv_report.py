"""What came of a workshop, as CSV: one line a seat and task."""

import csv
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

from helpers.lab.course.record import Attempt
from helpers.workshop.roll import Seat

COLUMNS = ("seat", "nickname", "task", "state", "tries", "first", "done", "minutes", "last hint")


def write(seats: Iterable[Seat], tasks: Sequence[str], out: TextIO) -> None:
    """Write it with a heading; times are the seats' own, in ISO 8601 and UTC."""
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for seat in seats:
        for task in tasks:
            attempt = seat.report.attempts.get(task, Attempt())
            minutes = round((attempt.done - attempt.first) / 60, 1) if attempt.done and attempt.first else ""
            moments = (_moment(attempt.first), _moment(attempt.done))
            name = _harmless(seat.report.nickname)
            rows.writerow((seat.number, name, task, attempt.state, attempt.tries, *moments, minutes, attempt.hint))


def _harmless(text: str) -> str:
    """A spreadsheet takes text that begins so for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at else ""
