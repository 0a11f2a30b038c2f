"""WebSockets (RFC 6455), the server's end: frames, and a connection to read and write messages."""

import asyncio
import base64
import hashlib
import time
from collections.abc import Iterable

from helpers.localcluster.api.http.connection import Connection
from helpers.localcluster.api.http.messages import Request

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MESSAGE_BYTES = 4 * 1024 * 1024
QUEUED_BYTES = 1024 * 1024  # received and not yet read, before the client has to wait
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, PROTOCOL_ERROR, TOO_BIG = 1000, 1002, 1009


class FrameError(Exception):
    """The client broke the protocol; `code` is the close code to answer with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Frames:
    """Bytes in, whole messages out: (opcode, payload), fragments put together."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts = bytearray()
        self._opcode = CONTINUATION

    def feed(self, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Yields messages. Raises FrameError."""
        self._buffer += data
        while frame := self._frame():
            final, opcode, payload = frame
            if opcode >= CLOSE:
                if not final or len(payload) > 125:
                    raise FrameError(PROTOCOL_ERROR, "a control frame is fragmented or too long")
                yield opcode, payload
            elif message := self._join(final, opcode, payload):
                yield message

    def _join(self, final: bool, opcode: int, payload: bytes) -> tuple[int, bytes] | None:
        if (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            raise FrameError(PROTOCOL_ERROR, "a fragment is out of order")
        self._opcode = self._opcode or opcode
        self._parts += payload
        if len(self._parts) > MESSAGE_BYTES:
            raise FrameError(TOO_BIG, "the message is too long")
        if not final:
            return None
        message = self._opcode, bytes(self._parts)
        self._opcode, self._parts = CONTINUATION, bytearray()
        return message

    def _frame(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        opcode = first & 15
        if first & 0x70 or opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise FrameError(PROTOCOL_ERROR, "reserved bits or an unknown opcode")
        if not second & 0x80:
            raise FrameError(PROTOCOL_ERROR, "a client's frame must be masked")
        size, start = second & 127, 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if size > MESSAGE_BYTES:
            raise FrameError(TOO_BIG, "the frame is too long")
        end = start + 4 + size
        if len(buffer) < end:
            return None
        payload = unmask(bytes(buffer[start : start + 4]), bytes(buffer[start + 4 : end]))
        del buffer[:end]
        return bool(first & 0x80), opcode, payload


def unmask(mask: bytes, data: bytes) -> bytes:
    """XOR with the repeated mask, as one large number (fast enough for megabytes)."""
    pattern = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(len(data), "big")


def frame(opcode: int, payload: bytes) -> bytes:
    """One unmasked, final frame, as a server sends it."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


def wanted(request: Request) -> bool:
    return request.header("upgrade").lower() == "websocket" and "sec-websocket-key" in request.headers


def choose(request: Request, protocols: Iterable[str]) -> str | None:
    """The first of our subprotocols that the client offers; None if there is none."""
    offered = [name.strip() for name in request.header("sec-websocket-protocol").split(",")]
    return next((name for name in protocols if name in offered), None)


class WebSocket:
    """An accepted WebSocket. Iterate for messages; it ends when the client closes."""

    def __init__(self, request: Request, protocol: str) -> None:
        """Answer the upgrade; `request` must have asked for one (see `wanted`)."""
        self._connection: Connection = request.connection
        self._frames = Frames()
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queued = 0
        self._closed = False
        key = request.header("sec-websocket-key").encode("latin-1")
        accept = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest()).decode()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        )
        self._connection.transport.write(answer.encode("latin-1"))
        self._connection.take_over(self._received)

    def __aiter__(self) -> "WebSocket":
        return self

    async def __anext__(self) -> bytes:
        message = await self._messages.get()
        if message is None:
            raise StopAsyncIteration
        self._queued -= len(message)
        if self._queued <= QUEUED_BYTES and not self._connection.transport.is_closing():
            self._connection.transport.resume_reading()
        return message

    async def expect(self, seconds: float) -> None:
        """Wait for a message to come, and leave it there; no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while self._messages.empty() and time.monotonic() < deadline:
            await asyncio.sleep(0.002)

    async def send(self, data: bytes) -> None:
        """Send one binary message. Raises ConnectionResetError when the client has gone."""
        if self._closed:
            raise ConnectionResetError("the WebSocket is closed")
        self._connection.transport.write(frame(BINARY, data))
        await self._connection.drain()

    def close(self, code: int = NORMAL) -> None:
        """Say goodbye and close; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._messages.put_nowait(None)
            self._connection.transport.write(frame(CLOSE, code.to_bytes(2, "big")))
            self._connection.transport.close()

    def _received(self, data: bytes) -> None:
        if not data:
            self._closed = True
            self._messages.put_nowait(None)
            return
        try:
            for opcode, payload in self._frames.feed(data):
                self._message(opcode, payload)
        except FrameError as error:
            self.close(error.code)

    def _message(self, opcode: int, payload: bytes) -> None:
        if self._closed:
            return
        if opcode == CLOSE:
            self.close()
        elif opcode == PING:
            self._connection.transport.write(frame(PONG, payload))
        elif opcode != PONG:
            self._queued += len(payload)
            self._messages.put_nowait(payload)
            if self._queued > QUEUED_BYTES:
                self._connection.transport.pause_reading()
