"""One forwarded connection: bytes between a client's stream and a pod's port."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from helpers.localcluster.api.errors import ApiError, bad_request
from helpers.localcluster.api.node import NodeStreams
from helpers.localcluster.api.storage.store import Object

CHUNK = 32 * 1024
QUEUED = 64  # chunks that wait for a pod that doesn't read
DIAL_SECONDS = 10.0

Send = Callable[[bytes], Awaitable[None]]
Finish = Callable[[str], Awaitable[None]]  # gets a sentence when it failed, else ""


class Forward:
    """Dials the pod, then carries data both ways in a task of its own."""

    def __init__(self, node: NodeStreams, pod: Object, port: int, send: Send, finish: Finish) -> None:
        self._node = node
        self._pod = pod
        self._port = port
        self._send = send
        self._finish = finish
        self._inbound: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        self._task = asyncio.ensure_future(self._run())

    async def feed(self, data: bytes) -> None:
        """Bytes from the client; empty ones say that it will send no more."""
        if not self._task.done():
            put = asyncio.ensure_future(self._inbound.put(data))
            await asyncio.wait((put, self._task), return_when=asyncio.FIRST_COMPLETED)
            put.cancel()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        name, port = self._pod["metadata"]["name"], self._port
        problem = ""
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                reader, writer = await self._node.dial(self._pod, port)
        except (OSError, TimeoutError, ApiError) as error:
            said = "connection refused" if isinstance(error, ConnectionRefusedError) else str(error) or "no answer"
            problem = f"error forwarding port {port} to pod {name}: {said}"
        else:
            with contextlib.suppress(ConnectionError):
                await self._carry(reader, writer)
        with contextlib.suppress(ConnectionError):
            await self._finish(problem)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inbound = asyncio.ensure_future(self._write(writer))
        try:
            while data := await reader.read(CHUNK):
                await self._send(data)
        finally:
            inbound.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await inbound
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        while data := await self._inbound.get():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def port_number(text: str) -> int:
    """Raises ApiError BadRequest."""
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    raise bad_request(f"{text[:20]!r} is not a port: use a number from 1 to 65535")
