"""The web server of the frontend: uvicorn on a UNIX socket or a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.lifespan import off as _off  # noqa: F401  (uvicorn would import it by name, after the fork)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from helpers.boutique import logs
from helpers.boutique.dialer import Dialer
from helpers.boutique.frontend import app, render
from helpers.boutique.frontend.pages import Storefront

# Pages under way get this long (s) after SIGTERM.
_GRACE = 0.3


class _Server(uvicorn.Server):
    """uvicorn, with signals left to the process, and without looking ten times a second whether it shall end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Take no more requests, and finish those under way."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        while not self._ended.is_set():
            await self.on_tick(0)  # the Date header
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(environ: Mapping[str, str], where: str | tuple[str, int], stop: asyncio.Event) -> None:
    """Serve the shop until `stop` is set. Raises ValueError for a missing setting, OSError if it can't listen."""
    render.load()
    shop = Storefront(Dialer(environ))
    server = _Server(_config(shop))
    with _listener(where) as listener:
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        logs.info("frontend is listening", on=where if isinstance(where, str) else f"{where[0]}:{where[1]}")
        try:
            await _until(stop, serving)
        finally:
            await _end(server, serving)
            await shop.close()
            logs.info("frontend has stopped")


async def _until(stop: asyncio.Event, serving: asyncio.Future[None]) -> None:
    stopping = asyncio.ensure_future(stop.wait())
    ends: set[asyncio.Future[Any]] = {stopping, serving}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def _end(server: _Server, serving: asyncio.Future[None]) -> None:
    server.end()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(serving), _GRACE)
    server.force_exit = True
    await serving


def _listener(where: str | tuple[str, int]) -> socket.socket:
    """A listening socket; a UNIX socket replaces the one that a killed predecessor left behind."""
    if isinstance(where, tuple):
        listener = socket.create_server(where)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    with contextlib.suppress(FileNotFoundError):
        Path(where).unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(where)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _config(shop: Storefront) -> uvicorn.Config:
    return uvicorn.Config(
        app.build(shop),
        loop="asyncio",
        # Named, not "auto": so it is imported before a fork, and shared.
        http=HttpToolsProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
