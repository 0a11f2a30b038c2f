"""One line a request, readable by people and by tools: time, level, what, and `key=value` details.

Headers, cookies and card data are never passed in here.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from helpers.plain_text import clean

__all__ = ["error", "info", "warning"]


def info(message: str, **details: object) -> None:
    """What a service does every day."""
    _write("INFO", message, details)


def warning(message: str, **details: object) -> None:
    """Something failed and the service went on without it."""
    _write("WARN", message, details)


def error(message: str, **details: object) -> None:
    """Something failed and the caller was told so."""
    _write("ERROR", message, details)


def _write(level: str, message: str, details: dict[str, object]) -> None:
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    pairs = "".join(f" {key}={_value(value)}" for key, value in details.items())
    message = "".join(character if character.isprintable() else "?" for character in message)
    # One write per line, so that lines of one pod never mix.
    sys.stdout.write(f"{moment} {level:<5} {message}{pairs}\n")
    sys.stdout.flush()


def _value(value: object) -> str:
    text = f"{value:.1f}" if isinstance(value, float) else str(value)
    if text.isprintable() and not any(character in text for character in ' "='):
        return text or '""'
    # What a visitor or another service sent must not be able to start a line of its own.
    return clean(json.dumps(text, ensure_ascii=False))
