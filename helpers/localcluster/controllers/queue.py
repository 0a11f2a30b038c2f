"""Which objects need another look: each at most once at a time, on the event loop, with retries after failures."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.storage.store import Event

FIRST_RETRY = 0.05  # seconds; doubles with each failure in a row
LAST_RETRY = 10.0

log = logging.getLogger(__name__)


class Key(NamedTuple):
    """An object by place; the namespace is empty for cluster-scoped kinds."""

    namespace: str
    name: str


class Controller(Protocol):
    """Makes one kind of object true. `reconcile` must be safe to call at any time, any number of times."""

    def affected(self, event: Event) -> Iterable[Key]:
        """The objects that the event asks this controller to look at."""
        ...

    def reconcile(self, key: Key) -> float | None:
        """Look at one object; returns seconds after which time alone asks for another look."""
        ...


class WorkQueue:
    """Runs one controller's reconciles soon after events, in the order in which they came."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._waiting: dict[Key, None] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._scheduled = False
        self._closed = False

    def on_event(self, event: Event) -> None:
        for key in self._controller.affected(event):
            self.add(key)

    def add(self, key: Key) -> None:
        if self._closed:
            return
        self._waiting[key] = None
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._drain)

    def close(self) -> None:
        self._closed = True
        self._waiting.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _drain(self) -> None:
        self._scheduled = False
        batch, self._waiting = self._waiting, {}
        for key in batch:
            if not self._closed:
                self._look(key)

    def _look(self, key: Key) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
        again = self._attempt(key)
        if again is not None:
            later: Callable[[Key], None] = self.add
            self._timers[key] = asyncio.get_running_loop().call_later(again, later, key)

    def _attempt(self, key: Key) -> float | None:
        try:
            again = self._controller.reconcile(key)
        except ApiError as error:
            log.info("%s %s: %s", type(self._controller).__name__, "/".join(key), error)
        except Exception:
            log.exception("%s failed on %s", type(self._controller).__name__, "/".join(key))
        else:
            self._failures.pop(key, None)
            return again
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        return float(min(LAST_RETRY, FIRST_RETRY * 2 ** min(failures, 12)))
