"""The node's log: its own process writes to it, and whatever prints below it. It stays small while the node runs.

What repeats is told once a minute, with how often it happened; so an error in
a loop neither fills the disk nor hides what came before.
"""

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path

LONGEST = 1 << 20  # bytes, then the older half goes
FOLD_SECONDS = 60.0
KINDS = 200  # of messages that are remembered
KEEP_SECONDS = 5.0  # between looks at what others have written

Kind = tuple[object, ...]


def start(path: Path) -> None:
    """Log to standard error, which is this file opened to append, and keep the file small."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Fold())
    threading.Thread(target=_keep, args=(path,), name="log", daemon=True).start()


class Fold(logging.Filter):
    """Lets a message through once in FOLD_SECONDS; the next time with the number of those left out."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: OrderedDict[Kind, tuple[float, int]] = OrderedDict()  # when it was told, how often not since

    def filter(self, record: logging.LogRecord) -> bool:
        kind = _kind(record)
        told, left_out = self._seen.pop(kind, (-FOLD_SECONDS, 0))
        now = time.monotonic()
        if now - told < FOLD_SECONDS:
            self._seen[kind] = told, left_out + 1
            return False
        self._seen[kind] = now, 0
        if len(self._seen) > KINDS:
            self._seen.popitem(last=False)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} times more since this was told)"
        return True


def _kind(record: logging.LogRecord) -> Kind:
    """What equal messages have in common: where they are logged and, of an error, where it was raised."""
    place = record.pathname, record.lineno
    if not (record.exc_info and record.exc_info[1]):
        return (*place, str(record.msg), str(record.args))
    error, trace = record.exc_info[1], record.exc_info[2]
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (*place, type(error), (trace.tb_frame.f_code, trace.tb_lineno) if trace else str(error))


def _keep(path: Path) -> None:
    while True:
        shorten(path)
        time.sleep(KEEP_SECONDS)


def shorten(path: Path) -> None:
    """Drop the older part of a log that is too long. All that write to it append, and so does this."""
    with contextlib.suppress(OSError), open(os.open(path, os.O_RDWR | os.O_APPEND), "r+b") as file:
        if os.fstat(file.fileno()).st_size > LONGEST:
            file.seek(-LONGEST // 2, os.SEEK_END)
            kept = file.read().partition(b"\n")[2]
            file.truncate(0)
            file.write(b"(what came before was dropped)\n" + kept)
