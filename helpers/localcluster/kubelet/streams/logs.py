"""Container logs on disk: one line a record, with its time, and never more than two files of 10 MB.

A record is `2026-01-31T12:00:00.123456789Z F text\n`. `P` in place of `F` marks a part of a line that
was too long, or that the process left unfinished. A full file is renamed to `<n>.log.1`.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

LIMIT = 10 * 1024 * 1024
LONGEST_LINE = 16 * 1024
CHUNK = 1 << 16


def timestamp() -> bytes:
    """Now, in UTC with nanoseconds, as log lines carry it."""
    ns = time.time_ns()
    # isoformat takes a tenth of the time of strftime, and every line of every pod passes here.
    return f"{datetime.fromtimestamp(ns // 10**9, UTC).isoformat()[:19]}.{ns % 10**9:09}Z".encode()


class LogFile:
    """Where one run of a container writes. A full disk loses lines, never the container."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = False
        self._changed: set[asyncio.Event] = set()
        self._rest = b""
        self._file, self._size = -1, 0
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._size = os.fstat(self._file).st_size

    @property
    def rotated(self) -> Path:
        """Where the older half lies once the file was full."""
        return self.path.with_name(self.path.name + ".1")

    def write(self, data: bytes) -> None:
        """Take output as it comes; complete lines go to the file."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        stamp = timestamp()
        records = [record for line in lines for record in _records(stamp, line)]
        while len(self._rest) > LONGEST_LINE:
            records.append(stamp + b" P " + self._rest[:LONGEST_LINE] + b"\n")
            self._rest = self._rest[LONGEST_LINE:]
        if records:
            self._append(b"".join(records))

    def close(self) -> None:
        """Keep what has come of the last line, and end all followers."""
        if self.closed:
            return
        self.closed = True
        if self._rest:
            self._append(timestamp() + b" P " + self._rest + b"\n")
        if self._file >= 0:
            os.close(self._file)
        self._notify()

    def _append(self, records: bytes) -> None:
        with contextlib.suppress(OSError):
            self._size += os.write(self._file, records)
            if self._size > LIMIT:
                self._rotate()
        self._notify()

    def _rotate(self) -> None:
        os.replace(self.path, self.rotated)
        fresh = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.close(self._file)
        self._file, self._size = fresh, 0

    def _notify(self) -> None:
        for event in self._changed:
            event.set()

    @contextlib.contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something was written or the log was closed."""
        event = asyncio.Event()
        self._changed.add(event)
        try:
            yield event
        finally:
            self._changed.discard(event)


def _records(stamp: bytes, line: bytes) -> Iterator[bytes]:
    while len(line) > LONGEST_LINE:
        yield stamp + b" P " + line[:LONGEST_LINE] + b"\n"
        line = line[LONGEST_LINE:]
    yield stamp + b" F " + line + b"\n"


class Reader:
    """Turns records into what `kubectl logs` prints."""

    def __init__(self, *, timestamps: bool, since: datetime | None, limit: int | None) -> None:
        self._timestamps = timestamps
        self._since = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").encode() if since else b""
        self._left = limit
        self._in_line = False

    @property
    def full(self) -> bool:
        """Whether the byte limit is reached."""
        return self._left is not None and self._left <= 0

    def render(self, records: list[bytes]) -> bytes:
        """The text of complete records."""
        text = b"".join(map(self._text, records))
        if self._left is not None:
            text = text[: self._left]
            self._left -= len(text)
        return text

    def _text(self, record: bytes) -> bytes:
        stamp, _, rest = record.partition(b" ")
        kind, _, line = rest.partition(b" ")
        if stamp < self._since:
            return b""
        prefix = stamp + b" " if self._timestamps and not self._in_line else b""
        self._in_line = kind == b"P"
        return prefix + (line if self._in_line else line + b"\n")


async def read(path: Path, reader: Reader, *, tail: int | None, follow: LogFile | None) -> AsyncIterator[bytes]:
    """The log at `path`, oldest first; with `follow`, what is written to it too, until it is closed."""
    with contextlib.ExitStack() as stack:
        changed = stack.enter_context(follow.watch()) if follow and not follow.closed else None
        try:
            file = stack.enter_context(open(path, "rb"))
        except FileNotFoundError:
            return
        records, rest = _existing(path, file, tail)
        yield reader.render(records)
        while changed and follow and not reader.full:
            await changed.wait()
            changed.clear()
            ended = follow.closed
            records, rest = _more(file, rest)
            yield reader.render(records)
            if not _same(file, path):
                file.close()
                file = stack.enter_context(open(path, "rb"))
                changed.set()
            elif ended:
                return


def _existing(path: Path, file: BinaryIO, tail: int | None) -> tuple[list[bytes], bytes]:
    """Records in both files, or the last `tail` lines; and the beginning of a record that isn't complete."""
    older = path.with_name(path.name + ".1")
    before = b""
    with contextlib.suppress(OSError):
        before = older.read_bytes()
    *records, rest = (before + file.read()).split(b"\n")
    return (records if tail is None else _last(records, tail)), rest


def _last(records: list[bytes], lines: int) -> list[bytes]:
    """The records of the last lines; the parts of a long line belong to the record that ends it."""
    if lines <= 0:
        return []
    for start in range(len(records) - 1, 0, -1):
        if not _is_part(records[start - 1]):
            lines -= 1
            if lines == 0:
                return records[start:]
    return records


def _is_part(record: bytes) -> bool:
    return record.split(b" ", 2)[1:2] == [b"P"]


def _more(file: BinaryIO, rest: bytes) -> tuple[list[bytes], bytes]:
    *records, rest = (rest + file.read()).split(b"\n")
    return records, rest


def _same(file: BinaryIO, path: Path) -> bool:
    """Whether the open file is still the one at `path`, or nothing is there any more."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return True
    return os.path.samestat(found, os.fstat(file.fileno()))
