"""The life of one service's process: settings, event loop, SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import sys
from collections.abc import Mapping

from helpers.boutique import images

__all__ = ["preload", "run"]


def preload() -> None:
    """Import all modules of all services, compile the pages, and freeze it all for the forks to share.

    Starts no thread and opens no socket.
    """
    _quiet_grpc()
    from helpers.boutique import assemble, loadgenerator
    from helpers.boutique.frontend import render, serve

    render.load()
    del assemble, loadgenerator, serve
    # A collection in a fork would write to every object, and so copy every page: leave out what is there now.
    gc.collect()
    gc.freeze()


def run(service: str) -> None:
    """Run `service` until SIGTERM or SIGINT. Raises SystemExit with a sentence for the log on wrong settings."""
    if service not in images.SERVICES:
        sys.exit(f"there is no service {service!r} in the shop; there are {', '.join(images.SERVICES)}")
    environ = dict(os.environ)
    try:
        if service in images.EXECUTABLES:
            _replace_process(service, environ)
        _quiet_grpc()
        random.seed()
        # As Python does by itself at its start, and as a fork server may have undone: a visitor who leaves in the
        # middle of a page must not end the shop.
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        asyncio.run(_serve(service, environ))
    except (ValueError, OSError, images.MissingExecutable) as error:
        sys.exit(f"{service} cannot run: {error}")


def _replace_process(service: str, environ: Mapping[str, str]) -> None:
    command = images.argv(service, environ)
    os.execv(command[0], command)


async def _serve(service: str, environ: Mapping[str, str]) -> None:
    from helpers.boutique import assemble

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await assemble.serve(service, environ, stop)


def _quiet_grpc() -> None:
    """gRPC's own log tells of every failed connection on stderr; the request log says it better."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
