"""A small HTTP/1.1 server for the images of this package; it listens where the pod's port is."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from helpers.podnet import places, streams

HEAD_SECONDS = 30.0
LONGEST_BODY = 1 << 20
TEXT, HTML, JSON = "text/plain; charset=utf-8", "text/html", "application/json"
_TITLES = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    418: "I'm a teapot",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


@dataclass(frozen=True)
class Request:
    """What a handler gets."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    client: tuple[str, int] = ("", 0)
    """Address and port of whoever asks; ("", 0) if that isn't known."""
    line: str = ""
    """The request line as it came."""


@dataclass(frozen=True)
class Response:
    """What a handler answers."""

    text: str = ""
    status: int = 200
    type: str = TEXT
    headers: tuple[str, ...] = ()
    pause: float = 0.0
    """Seconds to wait before it is sent."""

    @classmethod
    def of_json(cls, value: object, status: int = 200, pause: float = 0.0) -> "Response":
        """A value as indented JSON."""
        return cls(json.dumps(value, indent=2, sort_keys=True) + "\n", status, JSON, pause=pause)


Handler = Callable[[Request], Response]
Logger = Callable[[Request, Response], None]


def title(status: int) -> str:
    """What HTTP calls this status."""
    return _TITLES.get(status, "OK" if status < 400 else "Error")


async def serve_http(port: int, handler: Handler, log: Logger | None = None, protocol: str = "TCP") -> asyncio.Server:
    """Answer every request on the port with what the handler says. Raises OSError if the port is taken."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            while await _exchange(reader, writer, handler, log):
                pass
        writer.close()

    return await streams.listen(port, client, protocol)


async def until_told() -> None:
    """Wait for SIGTERM or SIGINT."""
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    await done.wait()


def run_http(servers: Iterable[tuple[int, Handler]], log: Logger | None = None, said: str = "") -> int:
    """Serve each port with its handler until SIGTERM; the exit status."""

    async def run() -> None:
        opened = [await serve_http(port, handler, log) for port, handler in servers]
        if said:
            print(said, flush=True)
        await until_told()
        for server in opened:
            server.close()

    try:
        asyncio.run(run())
    except OSError as error:
        print(f"bind() failed ({error.errno}: {error.strerror})", flush=True)
        return 1
    return 0


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, log: Logger | None
) -> bool:
    """One request and its answer; whether the connection may carry another."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target = rest.partition(" ")[0]
    fields = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    length = headers.get("content-length", "0")
    if not target or not length.isdigit() or int(length) > LONGEST_BODY:
        await _answer(writer, Response("Bad Request\n", 400), keep=False)
        return False
    body = await reader.readexactly(int(length))
    keep = headers.get("connection", "").lower() != "close" and not first.endswith("HTTP/1.0")
    parts = urlsplit(target if target.startswith("/") else f"/{target}")
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    request = Request(method, unquote(parts.path), query, headers, body, _client(writer), first)
    response = handler(request)
    if log:
        log(request, response)
    if response.pause:
        await asyncio.sleep(response.pause)
    await _answer(writer, response, keep=keep, body=method != "HEAD")
    return keep


def _client(writer: asyncio.StreamWriter) -> tuple[str, int]:
    peer = writer.get_extra_info("peername")
    return (peer[0], peer[1]) if isinstance(peer, tuple) else places.flow_source(peer or "")


async def _answer(writer: asyncio.StreamWriter, response: Response, *, keep: bool, body: bool = True) -> None:
    data = response.text.encode()
    lines = [
        f"HTTP/1.1 {response.status} {title(response.status)}",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}",
        f"Content-Type: {response.type}",
        f"Content-Length: {len(data)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        *response.headers,
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (data if body else b""))
    await writer.drain()
