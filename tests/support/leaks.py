"""What a test module leaves open: transports, sockets, files, coroutines, found before the next module begins.

Most of it is held by a circle of references and warns only when the collector comes by, which may be hours later in
somebody else's test. So the collector is called after each module, and what it finds is told by the name of the
test that opened it.
"""

from __future__ import annotations

import asyncio.selector_events
import gc
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OPENED_IN = "opened in test"
_Transport: Any = asyncio.selector_events._SelectorTransport  # type: ignore[attr-defined]


def name_transports() -> None:
    """From now on each transport remembers the test in which it was opened."""
    usual = _Transport.__init__

    def named(self: Any, *arguments: Any, **options: Any) -> None:
        usual(self, *arguments, **options)
        self._extra.setdefault(_OPENED_IN, os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0])

    _Transport.__init__ = named


@contextmanager
def nothing_left_open(module: str) -> Iterator[None]:
    """Raises AssertionError if what happened inside left something open that nobody holds any more."""
    yield
    left = leftovers(module)
    assert not left, f"left open: {'; '.join(f'{count} × {what}' for what, count in left.most_common())}"


def leftovers(module: str) -> Counter[str]:
    """What the collector finds, by kind and test; by module where the test isn't known."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        gc.collect()
    return Counter(f"{_kind(one)}, {_opener(one.source) or module}" for one in found)


def _kind(found: warnings.WarningMessage) -> str:
    """Without addresses and numbers, so that equal ones are counted together."""
    message = str(found.message)
    return f"unclosed {type(found.source).__name__}" if message.startswith("unclosed ") else message


def _opener(source: Any) -> str:
    """The test that opened it; empty if that isn't known."""
    extra = getattr(source, "_extra", None)
    if extra is None:  # TLS: what lies below knows
        extra = getattr(getattr(getattr(source, "_ssl_protocol", None), "_transport", None), "_extra", None)
    return str((extra or {}).get(_OPENED_IN, ""))
