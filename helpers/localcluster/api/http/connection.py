"""One client's connection: parse, check limits, hand to the application, answer.

Every state has a deadline, so that a client that says nothing, says it slowly
or doesn't read what it asked for is cut off and holds nothing.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

import httptools

from helpers.localcluster.api.http.messages import BadTarget, Request, Response, head

IDLE_SECONDS = 120.0  # between requests; kubectl keeps its connections for 90 s
STRANGER_SECONDS = 10.0  # for a new connection to show that it may ask
RECEIVE_SECONDS = 20.0  # from the first byte of a request to the last of its body
SEND_SECONDS = 30.0  # for a client to take what is in the buffer
HEADER_BYTES = 64 * 1024  # request line and headers together
HEADER_COUNT = 100
BODY_BYTES = 3 * 1024 * 1024
LINGER_SECONDS = 1.0  # for a refused client to notice, while what it still sends is thrown away
LINGER_BYTES = 32 * 1024 * 1024
BACKLOG_BYTES = 8 * 1024 * 1024  # unsent bytes of a stream before its client counts as gone
BACKLOG_OF_ALL = 64 * 1024 * 1024  # what all clients together may leave unread, each its share
PIPELINED = 16  # requests that may wait on one connection

log = logging.getLogger(__name__)


class Application(Protocol):
    """What a connection asks of whoever answers."""

    def admit(self, request: Request) -> Response | None:
        """A refusal on the headers alone, before the body is read, or None."""

    async def handle(self, request: Request) -> Response | None:
        """The answer; None when the handler has streamed it, or taken the connection over."""

    def public(self, request: Request) -> bool:
        """Whether anybody gets an answer to this."""

    def refuse(self, status: int, message: str) -> Response:
        """An error of the protocol in the application's format."""


class Register(Protocol):
    """Who keeps count of connections."""

    def connected(self, connection: "Connection") -> None: ...
    def trusted(self, connection: "Connection") -> None: ...
    def lost(self, connection: "Connection") -> None: ...

    @property
    def count(self) -> int:
        """How many there are."""


class Connection(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, application: Application, register: Register) -> None:
        self._application = application
        self._register = register
        self._parser = httptools.HttpRequestParser(self)
        self._request: Request | None = None
        self._target = bytearray()
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._body = bytearray()
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._receiver: Callable[[bytes], None] | None = None
        self._early = b""
        self._lingering = 0
        self._stopped = False  # nothing more is read as HTTP
        self._begun = False  # the handler has begun an answer of its own: stream or upgrade
        self._trusted = False  # a request has been let in
        self.resumable = False  # what it streams can be asked for again from where it ended, as a watch can
        self.transport: asyncio.Transport

    @property
    def spare(self) -> bool:
        """Whether its client loses nothing if it is cut, but has to connect again."""
        return self._task is None or self.resumable

    @property
    def backlog(self) -> int:
        """How many unsent bytes it may have."""
        return min(BACKLOG_BYTES, BACKLOG_OF_ALL // max(self._register.count, 1))

    # -- what asyncio calls ------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._register.connected(self)
        self._expect(STRANGER_SECONDS)

    def connection_lost(self, error: Exception | None) -> None:
        self._register.lost(self)
        self._expect(None)
        self._resumed.set()
        self._stopped = True
        self._waiting.clear()
        if self._task:
            self._task.cancel()
        if self._receiver:
            self._receiver(b"")

    def data_received(self, data: bytes) -> None:
        if self._receiver:
            self._receiver(data)
        elif self._stopped:
            self._unread(data)
        else:
            self._parse(data)

    def pause_writing(self) -> None:
        self._resumed.clear()

    def resume_writing(self) -> None:
        self._resumed.set()

    # -- what the parser calls ---------------------------------------------

    def on_message_begin(self) -> None:
        self._request = None
        self._target = bytearray()
        self._headers = {}
        self._header_bytes = 0
        self._body = bytearray()
        if not self._task:
            self._expect(RECEIVE_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._stopped:
            return
        method = self._parser.get_method().decode("latin-1")
        try:
            request = Request.parse(method, bytes(self._target), self._headers, self)
        except BadTarget as error:
            self._refuse(400, f"bad request target: {error}")
            return
        refusal = self._application.admit(request)
        if refusal:
            self._end(refusal)
        elif int(self._headers.get("content-length") or 0) > BODY_BYTES:
            self._too_large()
        else:
            self._request = request
            self._trust(request)
            if self._headers.get("expect", "").lower() == "100-continue":
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > BODY_BYTES and not self._stopped:
            self._too_large()

    def on_message_complete(self) -> None:
        if self._stopped or not self._request:
            return
        self._request.body = bytes(self._body)
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        if len(self._waiting) > PIPELINED:
            self._refuse(429, "too many requests at once on one connection")
        elif not self._task:
            self._next()

    # -- what handlers use ---------------------------------------------------

    async def drain(self) -> None:
        """Wait until the client has taken most of the buffer; cuts it off when it doesn't."""
        if not self._resumed.is_set():
            try:
                await asyncio.wait_for(self._resumed.wait(), SEND_SECONDS)
            except TimeoutError:
                self.transport.abort()
        if self.transport.is_closing():
            raise ConnectionResetError("the client has gone")

    def stream(self, content_type: str) -> "Stream":
        """Start an answer of unknown length."""
        self._begun = True
        return Stream(self, content_type)

    def take_over(self, receiver: Callable[[bytes], None]) -> None:
        """Give all further bytes to `receiver` (an empty one says that the connection ended)."""
        self._begun = True
        self._receiver = receiver
        if self._early:
            early, self._early = self._early, b""
            receiver(early)

    # -- inner workings --------------------------------------------------------

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stopped = True
            self._early = data[upgrade.args[0] :]
        except (httptools.HttpParserError, httptools.HttpParserCallbackError, ValueError) as error:
            if not self._stopped:
                log.debug("malformed request: %s", error)
                self._refuse(400, "malformed HTTP request")

    def _trust(self, request: Request) -> None:
        """No stranger any more, unless anybody may ask this."""
        if not self._trusted and not self._application.public(request):
            self._trusted = True
            self._register.trusted(self)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if (self._header_bytes > HEADER_BYTES or len(self._headers) > HEADER_COUNT) and not self._stopped:
            self._refuse(431, f"the request's headers are larger than {HEADER_BYTES // 1024} KiB")

    def _too_large(self) -> None:
        self._refuse(413, f"the request's body is larger than {BODY_BYTES >> 20} MiB")

    def _refuse(self, status: int, message: str) -> None:
        self._end(self._application.refuse(status, message))

    def _end(self, response: Response) -> None:
        """Answer and close, whatever else was under way."""
        self._stopped = True
        if self._task:  # its answer comes first; mixing the two would garble both
            self.transport.abort()
            return
        self.transport.write(response.encode(keep_alive=False))
        if "content-length" in self._headers or "transfer-encoding" in self._headers:
            # Closing on unread bytes would reset the connection and lose the answer: listen a moment longer.
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()
        self._expect(SEND_SECONDS)

    def _unread(self, data: bytes) -> None:
        """Bytes that come while nothing reads HTTP: before an upgrade is granted, or after the last answer."""
        if self._task:
            self._early += data
        else:
            self._lingering += len(data)
        if len(self._early) > HEADER_BYTES or self._lingering > LINGER_BYTES:
            self.transport.abort()

    def _next(self) -> None:
        if self._waiting:
            self._expect(None)
            self._task = asyncio.get_running_loop().create_task(self._serve(*self._waiting.popleft()))
        elif not self.transport.is_closing():
            self._expect(IDLE_SECONDS)

    async def _serve(self, request: Request, keep_alive: bool) -> None:
        self._begun = False
        with contextlib.suppress(ConnectionResetError):
            response = await self._application.handle(request)
            if response and self._begun:  # it failed in the middle: only a cut tells the client so
                self.transport.abort()
            elif response:
                keep_alive = keep_alive and not response.close and not self._stopped
                self.transport.write(response.encode(keep_alive=keep_alive, body=request.method != "HEAD"))
                await self.drain()
        if self._receiver:
            return
        self._task = None
        if not keep_alive or self._stopped:
            self.transport.close()
            self._expect(SEND_SECONDS)
        else:
            self._next()

    def _expect(self, seconds: float | None) -> None:
        """Cut the connection after so many seconds, unless called again."""
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def cut(self) -> None:
        """End the connection now."""
        self.transport.abort()

    def cancel(self) -> Awaitable[None] | None:
        """End what runs for this client; the task to wait for, if any."""
        task = self._task
        self.transport.abort()
        if task:
            task.cancel()
        return task


class Stream:
    """A chunked answer that is written piece by piece, never waiting for a slow client."""

    def __init__(self, connection: Connection, content_type: str) -> None:
        self._connection = connection
        start = head(200, content_type, []) + "Transfer-Encoding: chunked\r\n\r\n"
        connection.transport.write(start.encode("latin-1"))

    def write(self, data: bytes) -> None:
        """Send a chunk. A client that lets its share of the backlog pile up is cut off."""
        transport = self._connection.transport
        if not data or transport.is_closing():
            return
        transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.bound(0)

    def bound(self, held: int) -> None:
        """Cut off a client for whom more waits than it may leave unread; `held` bytes wait elsewhere."""
        transport = self._connection.transport
        if transport.get_write_buffer_size() + held > self._connection.backlog:
            log.info("cut off a client that does not read")
            transport.abort()

    async def drain(self) -> None:
        await self._connection.drain()

    def end(self) -> None:
        if not self._connection.transport.is_closing():
            self._connection.transport.write(b"0\r\n\r\n")
