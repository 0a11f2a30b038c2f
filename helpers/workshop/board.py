"""The board's pages: reports come in with a join code, the class as it stands goes out by server-sent events."""

import asyncio
import hmac
import html
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from helpers.lab.course.report import Report
from helpers.lab.errors import LabError
from helpers.workshop.entrance import Keys
from helpers.workshop.limits import Limit
from helpers.workshop.roll import LONGEST_REPORT, SEAT, Full, Roll
from helpers.workshop.standing import Standing

LOOK_SECONDS = 0.5
"""So often the folder is read, and no more often the pages are told."""
QUIET_SECONDS = 15.0
"""After so long, the pages are told that nothing has changed: minutes go on."""
MOST_VIEWERS = 20
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Board:
    """One workshop's board. `joining` is the line that attendees type; `kept` is told when a seat got its number."""

    def __init__(
        self, roll: Roll, keys: Keys, tasks: Sequence[str], joining: str, kept: Callable[[dict[str, int]], None]
    ) -> None:
        self._roll, self._keys, self._tasks, self._joining, self._kept = roll, keys, tuple(tasks), joining, kept
        self._message = ""
        self._told = asyncio.Condition()
        self._changed = asyncio.Event()
        self._viewers = 0
        self._wrong = Limit(0.5, 10, time.monotonic)
        self._seats = Limit(2, 20, time.monotonic)
        self._callers = Limit(50, 400, time.monotonic)
        self.app = Starlette(
            routes=[
                Route("/board/{key}", self._page),
                Route("/board/{key}/events", self._events),
                Route("/{code}/{seat}", self._put, methods=["PUT"]),
            ],
            lifespan=self._living,
        )

    @asynccontextmanager
    async def _living(self, _: Starlette) -> AsyncIterator[None]:
        self._roll.read()
        self._kept(self._roll.numbers)
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        """Follow the folder, and tell the pages what has changed."""
        quiet_since = 0.0
        while True:
            known = len(self._roll.numbers)
            with suppress(LabError):  # a folder that is away for a moment
                if self._roll.read():
                    self._changed.set()
            if len(self._roll.numbers) != known:
                self._kept(self._roll.numbers)
            if self._changed.is_set() or time.monotonic() - quiet_since > QUIET_SECONDS:
                self._changed.clear()
                quiet_since = time.monotonic()
                async with self._told:
                    self._message = self._state()
                    self._told.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    def _state(self) -> str:
        return json.dumps(Standing.of(self._roll.seats, self._tasks, time.time()).as_dict(), separators=(",", ":"))

    async def _put(self, request: Request) -> Response:
        """Take a seat's report."""
        caller, seat = request.client.host if request.client else "", request.path_params["seat"]
        if not self._wrong.allows(caller) or not self._callers.take(caller):
            return _refusal(429)
        given = request.path_params["code"].partition("-")[0]
        if not hmac.compare_digest(given.encode(), self._keys.code.encode()):
            self._wrong.take(caller)
            return _refusal(403)
        if not SEAT.fullmatch(seat) or not self._seats.take(seat):
            return _refusal(429)
        body = await _body(request)
        if body is None:
            return _refusal(413)
        known = len(self._roll.numbers)
        try:
            self._roll.put(seat, Report.read(json.loads(body)))
        except Full:
            return _refusal(503)
        except (ValueError, RecursionError):
            return _refusal(422)
        except OSError:
            return _refusal(507)
        if len(self._roll.numbers) != known:
            self._kept(self._roll.numbers)
        self._changed.set()
        return Response(status_code=204)

    def _may_see(self, request: Request) -> bool:
        caller = request.client.host if request.client else ""
        if not self._wrong.allows(caller):
            return False
        right = hmac.compare_digest(request.path_params["key"].encode(), self._keys.page.encode())
        return right or (self._wrong.take(caller) and False)

    async def _page(self, request: Request) -> Response:
        if not self._may_see(request):
            return _refusal(403)
        return HTMLResponse(page(self._joining), headers=_HEADERS)

    async def _events(self, request: Request) -> Response:
        if not self._may_see(request):
            return _refusal(403)
        if self._viewers >= MOST_VIEWERS:
            return _refusal(503)
        return StreamingResponse(self._messages(), media_type="text/event-stream", headers=_HEADERS)

    async def _messages(self) -> AsyncIterator[str]:
        self._viewers += 1
        try:
            yield f"retry: 1000\ndata: {self._state()}\n\n"
            while True:
                async with self._told:
                    await self._told.wait()
                    message = self._message
                yield f"data: {message}\n\n"
        finally:
            self._viewers -= 1


async def _body(request: Request) -> bytes | None:
    """What a report's request carries; None if it is too long or breaks off."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LONGEST_REPORT:
                return None
            parts.append(part)
    except ClientDisconnect:
        return None
    return b"".join(parts)


def _refusal(status: int) -> Response:
    return Response(status_code=status, headers=_HEADERS)


@cache
def page(joining: str) -> str:
    """The page with its style and its program inside."""
    static = Path(__file__).with_name("static")
    text = (static / "board.html").read_text("utf-8")
    for mark, name in (("/* style */", "board.css"), ("/* program */", "board.js")):
        text = text.replace(mark, (static / name).read_text("utf-8"))
    return text.replace("JOINING", html.escape(joining))
