"""How a class stands: who is stuck and on what, in the order in which a teacher should go round."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.lab.course.record import Attempt
from helpers.workshop.roll import Seat

SILENT_SECONDS = 600.0
"""Without a sign of life for so long, one may have been left behind."""
_FEW = 3  # lines on top


@dataclass(frozen=True)
class Standing:
    """All seats at one moment; `tasks` are the columns in the course's order."""

    seats: tuple[Seat, ...]
    tasks: tuple[str, ...]
    now: float

    @classmethod
    def of(cls, seats: Iterable[Seat], tasks: Sequence[str], now: float) -> "Standing":
        """With the seats in the order of their trouble."""
        order = sorted(seats, key=lambda seat: (_trouble(seat, tasks, now), seat.number))
        return cls(tuple(order), tuple(tasks), now)

    @property
    def headlines(self) -> list[str]:
        """What most are stuck on, one sentence a task, with the hint that most of them got."""
        stuck = [(task, seat.report.attempts[task].hint) for seat in self.seats if (task := current(seat, self.tasks))]
        tasks = Counter(task for task, _ in stuck)
        return [
            self._headline(task, count, Counter(hint for name, hint in stuck if name == task and hint))
            for task, count in sorted(tasks.items(), key=lambda item: (-item[1], item[0]))[:_FEW]
        ]

    def _headline(self, task: str, count: int, hints: Counter[str]) -> str:
        said = f"{count} of {len(self.seats)} {'is' if count == 1 else 'are'} at {task}"
        for hint, most in hints.most_common(1):
            return f"{said}, {most} of them with “{words(hint)}”" if count > 1 else f"{said}, with “{words(hint)}”"
        return said

    def as_dict(self) -> dict[str, Any]:
        """For the page: what it shows, and nothing else."""
        return {
            "tasks": list(self.tasks),
            "headlines": self.headlines,
            "hands": sum(seat.report.hand is not None for seat in self.seats),
            "rows": [self._row(seat) for seat in self.seats],
        }

    def _row(self, seat: Seat) -> dict[str, Any]:
        hand, silent = seat.report.hand, max(self.now - seat.seen, 0.0)
        attempts = [seat.report.attempts.get(task, Attempt()) for task in self.tasks]
        return {
            "number": seat.number,
            "name": seat.report.nickname,
            "hand": None if hand is None else hand.text,
            "minutes": int(silent // 60),
            "silent": silent >= SILENT_SECONDS,
            "cells": [[attempt.state, attempt.tries, words(attempt.hint)] for attempt in attempts],
        }


def current(seat: Seat, tasks: Iterable[str]) -> str:
    """The task at which a seat is stuck: tried and not done, the one begun last; empty if there is none."""
    open_ones = [task for task in tasks if (it := seat.report.attempts.get(task)) and it.state == "tried"]
    return max(open_ones, key=lambda task: seat.report.attempts[task].first, default="")


def words(hint: str) -> str:
    """A hint's key as words."""
    return hint.replace("-", " ")


def _trouble(seat: Seat, tasks: Sequence[str], now: float) -> tuple[float, ...]:
    """Raised hands first, the longest raised on top; then those with most tries; the silent; the others; the done."""
    if seat.report.hand is not None:
        return 0, seat.report.hand.since
    if task := current(seat, tasks):
        attempt = seat.report.attempts[task]
        return 1, -attempt.tries, attempt.first
    if all(seat.report.attempts.get(task, Attempt()).done for task in tasks):
        return (4,)
    return (2, seat.seen) if now - seat.seen >= SILENT_SECONDS else (3,)
