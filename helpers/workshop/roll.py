"""The seats of a workshop as files in one folder: what seats put there, or what the board was sent for them."""

import contextlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from helpers.lab.course.report import Report
from helpers.lab.errors import LabError

LONGEST_REPORT = 16_384
"""Bytes of one report."""
SEAT = re.compile(r"[0-9a-f]{32}")


class Full(Exception):
    """There is no room for one more seat."""


@dataclass(frozen=True)
class Seat:
    """One attendee: `number` is what a hidden name is shown as, `seen` the last sign of life by the folder's clock."""

    number: int
    report: Report
    seen: float


class Roll:
    """All seats in a folder, at most `most`. `read` looks for what is new; damaged files are passed over."""

    def __init__(self, folder: Path, most: int, numbers: dict[str, int] | None = None) -> None:
        self.folder, self.most = folder, most
        self.numbers = dict(numbers or {})
        """Each seat's number, by the name of its file: to be given to the next roll of this folder."""
        self._known: dict[str, tuple[tuple[int, int], Seat | None]] = {}

    @property
    def seats(self) -> list[Seat]:
        """In the order in which they came."""
        found = (seat for _, seat in self._known.values() if seat is not None)
        return sorted(found, key=lambda seat: seat.number)

    def read(self) -> bool:
        """Look at the folder; returns whether anything has changed. Raises LabError if it can't be read."""
        try:
            with os.scandir(self.folder) as entries:
                listed = [entry for entry in entries if SEAT.fullmatch(entry.name.removesuffix(".json"))]
        except OSError as error:
            raise LabError(f"{self.folder} cannot be read: {error.strerror}.") from None
        there = {entry.name.removesuffix(".json"): entry for entry in listed}
        gone = [name for name in self._known if name not in there]
        for name in gone:
            del self._known[name]
        changes = [self._look(name, Path(there[name].path)) for name in sorted(there, key=lambda it: _age(there[it]))]
        return any(changes) or bool(gone)

    def put(self, name: str, report: Report) -> None:
        """Keep a seat's report. Raises Full, OSError."""
        if name not in self._known and len(self._known) >= self.most:
            raise Full
        path = self.folder / f"{name}.json"
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.write_text(json.dumps(report.as_dict()), "utf-8")
        draft.chmod(0o600)
        os.replace(draft, path)
        self._look(name, path)

    def _look(self, name: str, path: Path) -> bool:
        """Read one file if it has changed; returns whether it had."""
        known = self._known.get(name)
        if known is None and len(self._known) >= self.most:
            return False
        try:
            version, text, seen = _content(path, known[0] if known else None)
        except OSError:
            return False
        if text is None:
            return False
        seat = known[1] if known else None
        with contextlib.suppress(ValueError, RecursionError):
            number = self.numbers.setdefault(name, len(self.numbers) + 1)
            seat = Seat(number, Report.read(json.loads(text)), seen)
        self._known[name] = version, seat
        return True


def _content(path: Path, known: tuple[int, int] | None) -> tuple[tuple[int, int], bytes | None, float]:
    """Version, text and time of a plain file of a report's length; no text for the version that is known."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        version = (found.st_mtime_ns, found.st_ino)
        if version == known:
            return version, None, found.st_mtime
        wrong = not stat.S_ISREG(found.st_mode) or found.st_size > LONGEST_REPORT
        return version, b"" if wrong else os.read(descriptor, LONGEST_REPORT), found.st_mtime
    finally:
        os.close(descriptor)


def _age(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0
