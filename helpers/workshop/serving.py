"""Serve an application at a few addresses until Control-C: on this machine, and on the network only when asked to."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn

from helpers.workshop.entrance import Certificate

MOST_CONNECTIONS = 1000
_STOP_SECONDS = 1


@dataclass(frozen=True)
class Listener:
    """A socket that is bound, and the certificate with which it speaks TLS; without one it speaks plain HTTP."""

    socket: socket.socket
    certificate: Certificate | None = None


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it: there may be two."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(app: Any, listeners: Sequence[Listener], ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called when everything listens."""
    asyncio.run(_serve(app, listeners, ready))


async def _serve(app: Any, listeners: Sequence[Listener], ready: Callable[[], None]) -> None:
    servers = [_Server(_configuration(app, listener, first=not at)) for at, listener in enumerate(listeners)]
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    pairs = zip(servers, listeners, strict=True)
    running = [asyncio.create_task(server.serve([listener.socket])) for server, listener in pairs]
    while not all(server.started for server in servers) and not any(task.done() for task in running):
        await asyncio.sleep(0.01)
    if not any(task.done() for task in running):
        ready()
    try:
        await asyncio.gather(*running)
    finally:
        for listener in listeners:
            listener.socket.close()


def _configuration(app: Any, listener: Listener, *, first: bool) -> uvicorn.Config:
    """The application lives once, with the first server."""
    certificate = listener.certificate
    secured: dict[str, Any] = {}
    if certificate is not None:
        secured = {"ssl_certfile": str(certificate.file), "ssl_keyfile": certificate.key and str(certificate.key)}
    return uvicorn.Config(
        app,
        lifespan="on" if first else "off",
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http="httptools",
        ws="none",
        loop="asyncio",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_STOP_SECONDS,
        **secured,
    )
