"""Requests and responses, as handlers see them."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

PHRASES = {
    101: "Switching Protocols",
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
# What a browser must not do with an answer, should one ever be shown in it.
SECURITY_HEADERS = (
    "Cache-Control: no-cache, private\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
)


class BadTarget(ValueError):
    """The request line's target isn't a path that this server understands."""


@dataclass(slots=True)
class Request:
    """One request. Header names are lower case; `segments` are the decoded parts of the path.

    `body` is complete when a handler sees the request; `connection` is the Connection that it came on.
    """

    method: str
    path: str
    segments: tuple[str, ...]
    query: dict[str, list[str]]
    headers: dict[str, str]
    connection: Any
    body: bytes = b""

    @classmethod
    def parse(cls, method: str, target: bytes, headers: dict[str, str], connection: Any) -> "Request":
        """Raises BadTarget for anything but an absolute path in UTF-8."""
        try:
            path, _, query = target.decode("ascii").partition("?")
            # Split first, decode after: an encoded slash stays inside its segment.
            segments = tuple(unquote(part, errors="strict") for part in path[1:].removesuffix("/").split("/"))
            fields = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=200)
        except ValueError as error:
            raise BadTarget(str(error)) from error
        if not path.startswith("/"):
            raise BadTarget("the target is no absolute path")
        return cls(method, path, segments, fields, headers, connection)

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, (default,))[0]

    def flag(self, name: str) -> bool:
        """A query parameter as a boolean, in any of Go's spellings."""
        return self.first(name) in ("1", "t", "T", "true", "TRUE", "True")

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(slots=True)
class Response:
    """One whole answer; `close` ends the connection after it."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    close: bool = False

    def encode(self, *, keep_alive: bool, body: bool = True) -> bytes:
        """The answer as it goes over the wire; HEAD wants it without the body."""
        lines = [
            head(self.status, self.content_type, self.headers),
            f"Content-Length: {len(self.body)}\r\n" if self.status != 304 else "",
            "" if keep_alive and not self.close else "Connection: close\r\n",
            "\r\n",
        ]
        return "".join(lines).encode("latin-1", "replace") + (self.body if body else b"")


def head(status: int, content_type: str, headers: list[tuple[str, str]]) -> str:
    """Status line and headers, each line ended, without the blank line."""
    extra = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in headers)
    phrase = PHRASES.get(status, "Unknown")
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {content_type}\r\n{SECURITY_HEADERS}{extra}"


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def encode_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def json_response(value: Any, status: int = 200, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(status, encode_json(value) + b"\n", headers=headers or [])
