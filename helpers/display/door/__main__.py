"""`python -m helpers.display.door SOCKET`: what jupyter-server-proxy starts; ends with the Jupyter server."""

import asyncio
import os
import sys

import uvicorn

from helpers.display.door.app import build
from helpers.lab.shop.ways import Ways

_LOOK = 2.0  # seconds between two looks whether the Jupyter server still is there


def main(path: str) -> None:
    """Serve on a UNIX socket until the parent process is gone."""
    parent = os.getppid()
    ways = Ways(parent)
    config = uvicorn.Config(build(ways), uds=path, log_config=None, access_log=False, lifespan="off", ws="none")
    try:
        asyncio.run(_serve(uvicorn.Server(config), parent))
    finally:
        ways.close()


async def _serve(server: uvicorn.Server, parent: int) -> None:
    serving = asyncio.ensure_future(server.serve())
    while not serving.done() and os.getppid() == parent:
        await asyncio.wait([serving], timeout=_LOOK)
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    main(sys.argv[1])
