"""`python -m helpers.display.door SOCKET`: what jupyter-server-proxy starts; ends with the Jupyter server."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

import uvicorn

from helpers.display.door.app import build
from helpers.lab.shop.ways import Ways

_LOOK = 2.0  # seconds between two looks whether the Jupyter server still is there


class _Server(uvicorn.Server):
    """uvicorn, with signals left to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main(path: str) -> None:
    """Serve on a UNIX socket until the parent process is gone, or says so. Control-C is Jupyter's to understand."""
    parent = os.getppid()
    ways = Ways(parent)
    config = uvicorn.Config(build(ways), uds=path, log_config=None, access_log=False, lifespan="off", ws="none")
    try:
        asyncio.run(_serve(_Server(config), parent))
    finally:
        ways.close()


async def _serve(server: _Server, parent: int) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    serving = asyncio.ensure_future(server.serve())
    while not serving.done() and not stop.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK)
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    main(sys.argv[1])
