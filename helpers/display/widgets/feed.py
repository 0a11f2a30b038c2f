"""What is new in the cluster, from a thread of its own that ends when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Read = Callable[[], Sequence[Any]]
PERIOD = 1.0
"""Seconds between two looks."""


class Feed:
    """Reads objects again and again on a daemon thread and hands on what is new: `changed(objects)`, or `failed(error)`
    once for each kind of failure until reading works again."""

    def __init__(
        self,
        read: Read,
        changed: Callable[[Sequence[Any]], None],
        failed: Callable[[Exception], None],
        period: float = PERIOD,
    ) -> None:
        self._read, self._changed, self._failed, self._period = read, changed, failed, period
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._seen: object = None
        self._fault = ""
        self._thread = threading.Thread(target=self._run, name="lab-feed", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Read now rather than at the next beat."""
        self._wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread; returns when it has ended. May be called twice, and from the thread itself."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            self._once()
            self._wake.wait(self._period)

    def _once(self) -> None:
        try:
            found = self._read()
        except Exception as error:
            if str(error) != self._fault:
                self._fault = str(error)
                self._failed(error)
            return
        mark = [
            (item["metadata"]["name"], item["metadata"].get("resourceVersion"), item.get("attempts")) for item in found
        ]
        if mark != self._seen or self._fault:
            self._seen, self._fault = mark, ""
            self._changed(found)
