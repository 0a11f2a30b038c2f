"""The web server of the frontend: uvicorn on a UNIX socket or a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping

import uvicorn

from helpers.boutique import logs
from helpers.boutique.dialer import Dialer
from helpers.boutique.frontend import app, render
from helpers.boutique.frontend.pages import Storefront

# Pages under way get this long (s) after SIGTERM.
_GRACE = 0.3


class _Server(uvicorn.Server):
    """uvicorn, with signals left to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(environ: Mapping[str, str], where: str | tuple[str, int], stop: asyncio.Event) -> None:
    """Serve the shop until `stop` is set. Raises ValueError for a missing setting, OSError if it can't listen."""
    render.load()
    shop = Storefront(Dialer(environ))
    server = _Server(_config(shop, where))
    serving = asyncio.ensure_future(server.serve())
    try:
        await _until(stop, serving)
    finally:
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), _GRACE)
        server.force_exit = True
        await serving
        await shop.close()


async def _until(stop: asyncio.Event, serving: asyncio.Future[None]) -> None:
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def _config(shop: Storefront, where: str | tuple[str, int]) -> uvicorn.Config:
    place = {"uds": where} if isinstance(where, str) else {"host": where[0], "port": where[1]}
    logs.info("frontend is listening", on=where if isinstance(where, str) else f"{where[0]}:{where[1]}")
    return uvicorn.Config(
        app.build(shop),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        **place,  # type: ignore[arg-type]
    )
