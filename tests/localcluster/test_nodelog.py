"""The node's log stays small, and says what happened, once."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.localcluster.node import nodelog

FLOOD = """
import logging, sys, time
from pathlib import Path
from helpers.localcluster.node import nodelog
nodelog.LONGEST, nodelog.KEEP_SECONDS = 20_000, 0.05
nodelog.start(Path(sys.argv[1]))
for number in range(3000):
    logging.getLogger("flood").warning("number %d", number)
    time.sleep(0.0002)
print("printed past the log " * 2000, file=sys.stderr)
time.sleep(0.3)
logging.getLogger("flood").warning("the last")
"""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(nodelog.Fold())
    logger = logging.Logger("node")
    logger.addHandler(handler)
    return logger, stream


def fail(logger: logging.Logger, what: object) -> None:
    try:
        raise ValueError(what)
    except ValueError:
        logger.exception("failed on %s", what)


def test_a_traceback_that_repeats_is_told_once(
    written: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, stream = written
    for number in range(100):
        fail(logger, number)
        logger.warning("another thing")
    assert stream.getvalue().count("Traceback") == 1
    assert stream.getvalue().count("another thing") == 1
    later = time.monotonic() + nodelog.FOLD_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    fail(logger, "the next")
    assert "failed on the next (and 99 times more since this was told)" in stream.getvalue()
    assert stream.getvalue().count("Traceback") == 2


def test_different_errors_are_all_told(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    for error in (ValueError("one"), KeyError("two")):
        logger.error("failed", exc_info=error)
    for text in ("a", "b"):
        logger.info("said %s", text)
    assert all(text in stream.getvalue() for text in ("one", "two", "said a", "said b"))


def test_a_message_that_cannot_be_formatted_harms_nobody(
    written: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    for _ in range(2):
        written[0].info("%d", "text")


def test_what_is_remembered_is_bounded(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = written
    for number in range(5 * nodelog.KINDS):
        logger.info("number %d", number)
    fold = logger.handlers[0].filters[0]
    assert isinstance(fold, nodelog.Fold) and len(fold._seen) <= nodelog.KINDS


def test_the_file_stays_short_while_it_is_written(tmp_path: Path) -> None:
    """By the log, and by what prints past it: the newest is kept."""
    log = tmp_path / "node.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with subprocess.Popen([sys.executable, "-c", FLOOD, log], stderr=descriptor) as process:
        longest = 0
        while process.poll() is None:
            longest = max(longest, log.stat().st_size)
            time.sleep(0.01)
    os.close(descriptor)
    text = log.read_text()
    assert text.rstrip().endswith("the last") and text.startswith("(what came before was dropped)")
    assert len(text) < 25_000 and longest < 100_000
