"""Descriptors of child processes as asynchronous streams: read in pieces, written whole."""

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
import termios
from collections.abc import AsyncIterator

CHUNK = 1 << 15


class _Stream:
    """An open descriptor and whoever waits for it."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._waiting: asyncio.Future[None] | None = None

    async def _ready(self, *, writing: bool) -> None:
        """Return when the descriptor can be read or written, or was closed."""
        loop = asyncio.get_running_loop()
        add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
        fd, self._waiting = self._fd, loop.create_future()
        add(fd, self._wake)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if self._fd >= 0:
                remove(fd)

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """Let go of the descriptor; whoever waits for it is woken."""
        if self._fd >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._fd)
            loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._wake()


class Output(_Stream):
    """An asynchronous iterator over what a process writes. Reads only when asked, so a slow reader slows the writer."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while self._fd >= 0:
            try:
                data = os.read(self._fd, CHUNK)
            except BlockingIOError:
                await self._ready(writing=False)
                continue
            except OSError as error:
                # A terminal whose other side is closed says so with an input/output error.
                if error.errno != errno.EIO:
                    raise
                data = b""
            if data:
                return data
            self.close()
        raise StopAsyncIteration


class Input(_Stream):
    """Where a process reads from."""

    async def write(self, data: bytes) -> None:
        """Write everything; what a process doesn't want to read any more is dropped."""
        rest = memoryview(data)
        while rest and self._fd >= 0:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                await self._ready(writing=True)
            except OSError:
                return

    def resize(self, width: int, height: int) -> None:
        """Tell a terminal its size in characters."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
