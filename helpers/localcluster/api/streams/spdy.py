"""SPDY/3.1 frames, as far as port-forward uses them; bytes in, events out, no I/O.

kubectl tunnels SPDY in WebSocket messages. Each forwarded connection is a pair
of streams, `error` and `data`, that share a request id. Source: the SPDY/3
draft, sections 2.2 (frames) and 2.6.10 (header block compression).
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY = 1, 2, 3, 4, 6, 7
CONTROL = 0x80000000
VERSION = 3
FIN = 0x01
MAX_FRAME = 1 << 20  # bytes; kubectl sends 32 KiB at most
MAX_HEADERS = 64 * 1024  # bytes of one header block, unpacked
PROTOCOL_ERROR = 1

_HEADER_NAMES = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
).split()
_HEADER_TEXTS = [*_HEADER_NAMES, "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"]
_COMMON_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
# Both ends prime their compressors with these words, each of the first part with its length before it.
DICTIONARY = b"".join(struct.pack(">I", len(text)) + text.encode() for text in _HEADER_TEXTS) + _COMMON_TEXT.encode()


class SpdyError(Exception):
    """The peer sent what is no SPDY/3.1; the connection cannot go on."""


class Opened(NamedTuple):
    """The peer opened a stream."""

    stream: int
    headers: dict[str, str]


class Data(NamedTuple):
    """Bytes on a stream; `final` when the peer will send no more on it."""

    stream: int
    data: bytes
    final: bool


class Reset(NamedTuple):
    """The peer gave a stream up."""

    stream: int


class Ping(NamedTuple):
    """To be answered with `pong`."""

    payload: bytes


Happening = Opened | Data | Reset | Ping


class Spdy:
    """The server's half of one session."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def receive(self, data: bytes) -> Iterator[Happening]:
        """What the bytes say, with those before them. Raises SpdyError."""
        self._buffer += data
        while len(self._buffer) >= 8:
            first, second = struct.unpack_from(">II", self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if length > MAX_FRAME:
                raise SpdyError(f"a frame of {length} bytes")
            if len(self._buffer) < 8 + length:
                return
            payload = bytes(self._buffer[8 : 8 + length])
            del self._buffer[: 8 + length]
            if first & CONTROL:
                yield from self._control(first, flags, payload)
            else:
                yield Data(first, payload, bool(flags & FIN))

    def reply(self, stream: int) -> bytes:
        """Accept a stream that the peer opened."""
        block = self._deflate.compress(struct.pack(">I", 0)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _control(SYN_REPLY, struct.pack(">I", stream) + block)

    def data(self, stream: int, data: bytes, *, final: bool = False) -> bytes:
        return struct.pack(">II", stream, (FIN if final else 0) << 24 | len(data)) + data

    def reset(self, stream: int, code: int = PROTOCOL_ERROR) -> bytes:
        return _control(RST_STREAM, struct.pack(">II", stream, code))

    def pong(self, payload: bytes) -> bytes:
        return _control(PING, payload)

    def _control(self, word: int, flags: int, payload: bytes) -> Iterator[Happening]:
        version, kind = word >> 16 & 0x7FFF, word & 0xFFFF
        if version != VERSION:
            raise SpdyError(f"SPDY version {version}")
        if kind == SYN_STREAM:
            yield from self._opened(flags, payload)
        elif kind == RST_STREAM:
            yield Reset(_stream(payload, 8))
        elif kind == PING:
            yield Ping(payload)
        # SETTINGS, GOAWAY and WINDOW_UPDATE ask for nothing: port-forward has no flow control of its own.

    def _opened(self, flags: int, payload: bytes) -> Iterator[Happening]:
        stream = _stream(payload, 10)
        yield Opened(stream, self._headers(payload[10:]))
        if flags & FIN:
            yield Data(stream, b"", True)

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            text = self._inflate.decompress(block, MAX_HEADERS)
        except zlib.error as error:
            raise SpdyError(f"header block: {error}") from None
        if self._inflate.unconsumed_tail:
            raise SpdyError("a header block too large")
        words = _words(text)
        return dict(zip(words, words, strict=True))


def _words(block: bytes) -> Iterator[str]:
    """The names and values of a header block, one after another."""
    try:
        (count,) = struct.unpack_from(">I", block)
        place = 4
        for _ in range(2 * count):
            (length,) = struct.unpack_from(">I", block, place)
            word = block[place + 4 : place + 4 + length]
            if len(word) != length:
                raise SpdyError("a cut header block")
            yield word.decode("latin-1")
            place += 4 + length
    except struct.error:
        raise SpdyError("a cut header block") from None


def _stream(payload: bytes, least: int) -> int:
    if len(payload) < least:
        raise SpdyError("a cut control frame")
    return int(struct.unpack_from(">I", payload)[0]) & 0x7FFFFFFF


def _control(kind: int, payload: bytes) -> bytes:
    return struct.pack(">HHI", CONTROL >> 16 | VERSION, kind, len(payload)) + payload
