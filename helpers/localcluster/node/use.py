"""Who uses a cluster: requests to its API, and visits to its shop. What pods do among themselves is none."""

import time

from helpers.localcluster.api.http.connection import Application
from helpers.localcluster.api.http.messages import Request, Response


class Use:
    """When somebody last asked for something, and whether an answer is still under way."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._running = 0

    def begin(self) -> None:
        """Somebody asks."""
        self._running += 1

    def end(self) -> None:
        """It is answered."""
        self._running -= 1
        self._last = time.monotonic()

    def note(self) -> None:
        """Somebody asks for something that takes no time."""
        self._last = time.monotonic()

    def last(self) -> float:
        """As `time.monotonic()`; now while an answer runs."""
        return time.monotonic() if self._running else self._last


class UsedApplication:
    """An application whose requests count as use, for as long as they are answered: a watch, as long as it runs."""

    def __init__(self, application: Application, use: Use) -> None:
        self._application, self._use = application, use
        self.admit, self.public, self.refuse = application.admit, application.public, application.refuse

    async def handle(self, request: Request) -> Response | None:
        """As the application does."""
        self._use.begin()
        try:
            return await self._application.handle(request)
        finally:
            self._use.end()
