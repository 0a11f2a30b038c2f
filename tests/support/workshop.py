"""A board as a teacher starts it, and seats that report to it."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.lab.course.record import Attempt
from helpers.lab.course.report import Hand, Report
from helpers.lab.course.sending import way


@dataclass
class Board:
    """A running board: `where` is what attendees join, `page` what the projector shows."""

    where: str
    page: str
    process: subprocess.Popen[str]
    environment: dict[str, str] = field(repr=False, default_factory=dict)

    def events(self, most: int = 1, seconds: float = 20) -> list[dict[str, Any]]:
        """The first messages that the page gets."""
        found: list[dict[str, Any]] = []
        with urllib.request.urlopen(f"{self.page}/events", timeout=seconds) as answer:
            for line in answer:
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]))
                if len(found) == most:
                    break
        return found

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.events()[0]["rows"]
        return rows


def free_port() -> int:
    """A port that was free a moment ago, and the next one too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                second.bind(("127.0.0.1", first.getsockname()[1] + 1))
                return int(first.getsockname()[1])


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "helpers", "workshop", *options]


@contextlib.contextmanager
def board(home: Path, *options: str) -> Iterator[Board]:
    """Run one in this LAB_HOME until the end of the block; Control-C ends it, and it says nothing to that."""
    environment = {**os.environ, "LAB_HOME": str(home)}
    with subprocess.Popen(
        command("board", *options), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        try:
            said = ""
            while "Control-C ends it" not in said:
                line = process.stdout.readline()
                assert line, f"the board has ended: {said}"
                said += line
            page, where = re.findall(r"The board: (\S+)|join_board\(\"([^\"]+)", said)
            yield Board(where[1], page[0], process, environment)
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=20)[0]
    assert process.returncode == 0 and not rest, rest


@dataclass
class Attendee:
    """A seat without a lab behind it, which says what a lab would say."""

    name: str
    attempts: dict[str, Attempt] = field(default_factory=dict)
    hand: Hand | None = None
    seat: str = field(default_factory=lambda: secrets.token_hex(16))

    def tell(self, where: str) -> None:
        way(where).send(self.seat, Report(self.name, self.attempts, self.hand).as_dict())

    def tries(self, task: str, hint: str = "", *, done: bool = False, now: float = 1000.0) -> "Attendee":
        """One more answer to a task."""
        known = self.attempts.get(task, Attempt())
        self.attempts[task] = known.after(done, hint, "", now)
        return self
