"""A small HTTP/1.1 server for the images of this package; it listens where the pod's port is.

That is the UNIX socket `$LISTEN_DIR/<port>.sock`, or TCP where LISTEN_DIR isn't set.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

HEAD_SECONDS = 30.0
LONGEST_BODY = 1 << 20


@dataclass(frozen=True)
class Request:
    """What a handler gets."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


Handler = Callable[[Request], tuple[int, str]]
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def listen(port: int, client: Client) -> asyncio.Server:
    """Accept connections to the pod's port."""
    directory = os.environ.get("LISTEN_DIR")
    if directory is None:
        return await asyncio.start_server(client, "127.0.0.1", port)
    path = os.path.join(directory, f"{port}.sock")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return await asyncio.start_unix_server(client, path)


async def serve_http(port: int, handler: Handler) -> asyncio.Server:
    """Answer every request on the port with the handler's status and text."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            while await _exchange(reader, writer, handler):
                pass
        writer.close()

    return await listen(port, client)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> bool:
    """One request and its answer; whether the connection may carry another."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target = rest.partition(" ")[0]
    fields = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    length = headers.get("content-length", "0")
    if not target or not length.isdigit() or int(length) > LONGEST_BODY:
        await _answer(writer, 400, "Bad Request\n", keep=False)
        return False
    await reader.readexactly(int(length))
    keep = headers.get("connection", "").lower() != "close" and not first.endswith("HTTP/1.0")
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    status, text = handler(Request(method, parts.path, query, headers))
    await _answer(writer, status, text, keep=keep, body=method != "HEAD")
    return keep


async def _answer(writer: asyncio.StreamWriter, status: int, text: str, *, keep: bool, body: bool = True) -> None:
    data = text.encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status < 400 else 'Error'}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(data)}\r\nConnection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    writer.write(head.encode() + (data if body else b""))
    await writer.drain()
