"""What a seat tells the workshop's board, and nothing else: nickname, tasks, tries, hint keys, the hand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.lab.course.record import Attempt
from helpers.plain_text import clean_line

LONGEST_NICKNAME = 40
LONGEST_HAND = 140
MOST_TASKS = 60
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LATEST = 4e9  # seconds: a time after it is none


@dataclass(frozen=True)
class Hand:
    """A raised hand: what it is about, and since when, in seconds as `time.time()` gives them."""

    text: str
    since: float


@dataclass(frozen=True)
class Report:
    """One seat as the board knows it; of an attempt no sentence is told, only the hint's key."""

    nickname: str
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    hand: Hand | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        tasks = {
            task: {
                "first": round(attempt.first),
                "done": round(attempt.done),
                "tries": attempt.tries,
                "hint": attempt.hint,
                "skipped": attempt.skipped,
            }
            for task, attempt in self.attempts.items()
        }
        hand = {"text": self.hand.text, "since": round(self.hand.since)} if self.hand else None
        return {"nickname": self.nickname, "tasks": tasks, "hand": hand}

    @classmethod
    def read(cls, told: object) -> "Report":
        """From JSON that somebody else wrote. Raises ValueError for anything that `as_dict` doesn't write."""
        if not isinstance(told, dict) or told.keys() != {"nickname", "tasks", "hand"}:
            raise ValueError("a report has a nickname, tasks and a hand")
        tasks, hand = told["tasks"], told["hand"]
        if not isinstance(tasks, dict) or len(tasks) > MOST_TASKS:
            raise ValueError("tasks is a mapping of tasks")
        if hand is not None and (not isinstance(hand, dict) or hand.keys() != {"text", "since"}):
            raise ValueError("a hand has a text and a time")
        return cls(
            line(told["nickname"], LONGEST_NICKNAME),
            {_key(task): _attempt(attempt) for task, attempt in tasks.items()},
            Hand(line(hand["text"], LONGEST_HAND), _time(hand["since"])) if hand else None,
        )


def line(text: object, longest: int) -> str:
    """Text of one line, cut where it is too long. Raises ValueError for what isn't text."""
    if not isinstance(text, str):
        raise ValueError("a name is text")
    return clean_line(" ".join(text[: 4 * longest].split()))[:longest]


def _attempt(told: object) -> Attempt:
    if not isinstance(told, dict) or told.keys() != {"first", "done", "tries", "hint", "skipped"}:
        raise ValueError("a task has its times, its tries and its last hint")
    tries, skipped = told["tries"], told["skipped"]
    if type(tries) is not int or not 0 <= tries < 100_000 or type(skipped) is not bool:
        raise ValueError("tries is a number, and skipped is true or false")
    hint = _key(told["hint"]) if told["hint"] else ""
    return Attempt(_time(told["first"]), _time(told["done"]), tries, hint, "", skipped)


def _key(told: object) -> str:
    if not isinstance(told, str) or not _KEY.fullmatch(told):
        raise ValueError("a key has small letters, digits and hyphens")
    return told


def _time(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told < _LATEST:
        raise ValueError("a time is in seconds")
    return float(told)
