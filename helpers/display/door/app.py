"""The door's web application: passes pages on, waits where there is no shop, and has the panel with its toolbar."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from helpers.display.door import pages, passing
from helpers.lab.shop.ways import Closed, Ways

T = TypeVar("T")

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HELD = 20.0
"""Seconds that the answer whether the shop is open is held back while it isn't."""

_VISITORS = 32


def build(ways: Ways) -> Starlette:
    """The application in front of the shop that `ways` lead to."""
    door = _Door(ways)
    routes = [
        Route("/_door/open", door.opened),
        Route("/_door/panel", door.panel),
        Route("/{path:path}", door.page, methods=METHODS),
    ]
    app = Starlette()
    # Starlette's own redirect to a path with a slash is absolute, and would lose Jupyter's prefix.
    app.router = Router(routes=routes, redirect_slashes=False)
    return app


class _Door:
    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._threads = ThreadPoolExecutor(_VISITORS, "visitor")

    async def page(self, request: Request) -> Response:
        """A page of the shop, or the one that waits for it."""
        asked = passing.Asked.of(request, await request.body())
        try:
            answer = await self._in_thread(lambda: passing.fetch(self._ways.current(), asked))
        except Closed as closed:
            return _closed(request, 503, pages.closed(closed.heading, str(closed), asked))
        if answer.waits:
            return _closed(request, answer.status, pages.closed(*pages.said(answer.body), asked))
        return passing.passed_on(answer, asked.root)

    async def opened(self, request: Request) -> Response:
        """Whether a page of the shop can be had; while it can't, the answer takes its time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + HELD
        while not (found := await self._in_thread(self._is_open)) and loop.time() < until:
            await asyncio.sleep(self._pause())
        return JSONResponse({"open": found}, headers={"Cache-Control": "no-store"})

    async def panel(self, request: Request) -> Response:
        """The shop with its toolbar, for a place beside the notebook."""
        try:
            note = self._ways.current().note
        except Closed:
            note = ""
        return _html(pages.panel(request.query_params.get("path", "/"), note), 200)

    def _is_open(self) -> bool:
        try:
            way = self._ways.current()
            way.mend()
            return not passing.exchange(way, passing.HEALTH).waits
        except (Closed, OSError, http.client.HTTPException):
            return False

    def _pause(self) -> float:
        try:
            return self._ways.current().pause
        except Closed:
            return 1.0

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _closed(request: Request, status: int, text: str) -> Response:
    """In a window this is a page like any other, and not an error in the browser's console."""
    return _html(text, 200 if request.headers.get("sec-fetch-mode") == "navigate" else status)


def _html(text: str, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'self'"}
    return Response(text, status, headers, "text/html")
