"""One request of HTTP/1.1 and its answer, over a socket that is there already."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_HEAD = 64 * 1024
PIECE = 64 * 1024


class Broken(Exception):
    """The server ended the connection in the middle, or doesn't speak HTTP."""


class Empty(Broken):
    """The server ended the connection without a word."""


@dataclass(frozen=True)
class Url:
    """Where a request goes. `host` is as it was written, `target` what the request line says."""

    scheme: str
    host: str
    port: int
    target: str
    shown: str
    """Host, and the port if one was written."""

    @classmethod
    def read(cls, text: str) -> "Url":
        """Raises ValueError for what is no address."""
        scheme, separator, rest = text.partition("://")
        if not separator:
            scheme, rest = "http", text
        end = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
        authority, target = rest[:end].rpartition("@")[2], rest[end:].partition("#")[0]
        host, colon, digits = authority.partition(":")
        if not host or (colon and not (digits.isascii() and digits.isdigit() and 0 < int(digits) < 65536)):
            raise ValueError(text)
        number = int(digits) if colon else {"http": 80, "https": 443, "telnet": 23}.get(scheme.lower(), 0)
        if " " in target or not target.isprintable():
            raise ValueError(text)
        return cls(scheme.lower(), host, number, target if target.startswith("/") else f"/{target}", authority)

    def join(self, location: str) -> "Url":
        """Where a redirect leads to. Raises ValueError."""
        if "://" in location:
            return Url.read(location)
        path = location if location.startswith("/") else self.target.rpartition("/")[0] + "/" + location
        return Url.read(f"{self.scheme}://{self.shown}{path}")


@dataclass
class Answer:
    """Status line, headers in lower case and as they came, and the body in pieces."""

    line: str
    status: int
    headers: dict[str, str]
    head: str
    _reader: "Reader" = field(repr=False)
    _bodiless: bool = field(repr=False)

    def body(self) -> Iterator[bytes]:
        """Raises Broken if less comes than was announced, TimeoutError."""
        if self._bodiless or self.status in (204, 304):
            return
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif (length := self.headers.get("content-length", "")).isdigit():
            yield from self._reader.exactly(int(length))
        else:
            while piece := self._reader.some():
                yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._reader.until(b"\r\n").partition(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise Broken("a chunk without a size") from None
            if size == 0:
                return
            yield from self._reader.exactly(size)
            self._reader.until(b"\r\n")


class Reader:
    """Reads from a socket until a moment (of time.monotonic), or with a limit for each piece."""

    def __init__(self, link: socket.socket, deadline: float | None, each: float | None = None) -> None:
        self._link = link
        self._deadline = deadline
        self._each = each
        self._held = b""

    def _receive(self) -> bytes:
        left = None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0001)
        self._link.settimeout(left if self._each is None else min(self._each, left or self._each))
        return self._link.recv(PIECE)

    def some(self) -> bytes:
        """What there is; empty at the end."""
        if self._held:
            held, self._held = self._held, b""
            return held
        return self._receive()

    def exactly(self, size: int) -> Iterator[bytes]:
        """Pieces of `size` bytes altogether. Raises Broken."""
        while size > 0:
            piece = self.some()
            if not piece:
                raise Broken(f"the end came {size} bytes too early")
            self._held = piece[size:] + self._held
            yield piece[:size]
            size -= len(piece[:size])

    def until(self, mark: bytes) -> bytes:
        """What comes before the mark. Raises Broken, Empty."""
        while (end := self._held.find(mark)) < 0:
            piece = self._receive() if len(self._held) <= LONGEST_HEAD else b""
            if not piece:
                raise Broken("no HTTP") if self._held else Empty("no answer")
            self._held += piece
        found, self._held = self._held[:end], self._held[end + len(mark) :]
        return found


def request(method: str, url: Url, headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(reader: Reader, method: str) -> Answer:
    """Read the head of an answer. Raises Broken, Empty, TimeoutError, OSError."""
    while True:
        head = reader.until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        words = first.split(" ", 2)
        if not first.startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
            raise Broken("no HTTP")
        if int(words[1]) >= 200:
            break
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    return Answer(first, int(words[1]), headers, head, reader, method == "HEAD")
