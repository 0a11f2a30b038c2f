"""The one address of all seats: a request goes to the seat that its path begins with, over that seat's own socket.

A byte is looked at only as far as the head of a request. Each request has a connection of its own towards the seat,
so that two seats in one browser never mix.
"""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from helpers.workshop.entrance import Certificate

LONGEST_HEAD = 64 * 1024
HEAD_SECONDS = 15.0
MOST_CONNECTIONS = 3000
_SEAT = re.compile(rb"[A-Z]{3,8} /(seat-\d{2,3})(?=[/? ])")
_DROPPED = (b"connection:", b"keep-alive:", b"x-forwarded-")
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    "<body style='font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:4em auto;padding:0 1em'>"
    "<h1>{title}</h1><p>{text}</p>"
)


class Front:
    """Listens for all seats; `sockets` are the seats' own, by name."""

    def __init__(self, sockets: Mapping[str, Path]) -> None:
        self._sockets = {name.encode(): path for name, path in sockets.items()}
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._scheme = b"http"

    async def start(self, listener: socket.socket, certificate: Certificate | None) -> None:
        """Listen on a bound socket, over TLS if there is a certificate."""
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file, certificate.key)
            self._scheme = b"https"
        self._server = await asyncio.start_server(self._accept, sock=listener, ssl=context, limit=LONGEST_HEAD)

    async def stop(self) -> None:
        """Listen no more, and cut what stands."""
        if self._server:
            self._server.close()
        for task in [*self._running]:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if len(self._running) > MOST_CONNECTIONS:
                await _say(writer, 503, "Too many at once", "Reload the page in a moment.")
            else:
                await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            self._running.discard(task)
            await _close(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        found = _SEAT.match(head)
        path = self._sockets.get(found[1]) if found else None
        if path is None:
            await _say(writer, 404, "Which seat?", "Open the address on your card, with all that stands after the #.")
            return
        try:
            inner, outer = await asyncio.open_unix_connection(path)
        except OSError:
            await _say(writer, 503, "Your seat is starting", "Reload the page in a few seconds.")
            return
        try:
            outer.write(self._rewritten(head))
            async with asyncio.TaskGroup() as both:
                both.create_task(_pour(reader, outer))
                both.create_task(_pour(inner, writer, then=reader))
        finally:
            await _close(outer)

    def _rewritten(self, head: bytes) -> bytes:
        """The head for the seat: the connection ends with the answer, unless it becomes a WebSocket."""
        first, *fields = head[:-4].split(b"\r\n")
        upgraded = any(field.lower().startswith(b"upgrade:") for field in fields)
        kept = [field for field in fields if not field.lower().startswith(_DROPPED)]
        ending = b"Connection: Upgrade" if upgraded else b"Connection: close"
        return b"\r\n".join([first, *kept, ending, b"X-Forwarded-Proto: " + self._scheme]) + b"\r\n\r\n"


async def _pour(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, then: asyncio.StreamReader | None = None
) -> None:
    """Pass on until the source ends; `then` is told that nobody listens any more."""
    with contextlib.suppress(OSError, ssl.SSLError):
        while chunk := await source.read(64 * 1024):
            sink.write(chunk)
            await sink.drain()
    if then is not None:
        then.feed_eof()
        await sink.drain()
    elif sink.can_write_eof():
        with contextlib.suppress(OSError):
            sink.write_eof()


async def _say(writer: asyncio.StreamWriter, status: int, title: str, text: str) -> None:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\nCache-Control: no-store\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 2.0)
