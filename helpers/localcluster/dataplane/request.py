"""What a pod asks of the gateway: the head of an HTTP proxy request, read strictly.

Two forms are served: `CONNECT host:port`, for anything over TCP, and the
absolute form of plain HTTP (`GET http://host:port/path`), which tools send when
they find `http_proxy`.
"""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpers.localcluster.dataplane.addresses import parse as parse_address

PROTOCOL_HEADER = "x-lab-protocol"
"""Another protocol than TCP: streams of SCTP, datagrams of UDP in frames (`helpers.podnet`), or a ping."""
PATIENCE_HEADER = "x-lab-timeout"
"""How many seconds the client waits for a connection; then a drop is answered by 504 instead of by nothing."""
_PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP", "icmp": "ICMP"}
_BY_ADDRESS = ("UDP", "ICMP")
"""What has no connection that could wait for a lookup: the client makes that itself."""
_HOP_HEADERS = {"proxy-authorization", "proxy-connection", "connection", "keep-alive"}


class BadRequest(Exception):
    """The request is answered with `status` and closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Request:
    """One connection that a pod wants."""

    host: str
    """A name or an address as the client wrote it, without brackets; lower case, no dot at the end."""
    port: int
    protocol: str = "TCP"
    user: str = ""
    password: str = ""
    patience: float | None = None
    """Seconds after which the client wants to be told of a drop; None if it minds the time itself."""
    head: bytes = b""
    """For plain HTTP what the server gets to see; empty for CONNECT."""

    @property
    def tunnel(self) -> bool:
        """Whether the client waits for an answer to its CONNECT before it speaks."""
        return not self.head


def parse(head: bytes) -> Request:
    """Read a request head, given without the empty line that ends it. Raises BadRequest."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400, "this is an HTTP/1.1 proxy")
    method, target, version = words
    headers = _headers(lines)
    user, password = _credentials(headers.get("proxy-authorization", ""))
    protocol = _PROTOCOLS.get(headers.get(PROTOCOL_HEADER, "tcp").lower())
    if protocol is None:
        raise BadRequest(400, "the protocol must be tcp, udp, sctp or icmp")
    if method == "CONNECT":
        host, port = _authority(target, None)
        if protocol in _BY_ADDRESS and parse_address(host) is None and host != "localhost":
            raise BadRequest(400, f"{protocol.lower()} goes to an address: look the name up first")
        patience = _patience(headers.get(PATIENCE_HEADER))
        return Request(host, 0 if protocol == "ICMP" else port, protocol, user, password, patience)
    if not target.lower().startswith("http://"):
        raise BadRequest(400, "only CONNECT and http:// addresses are served")
    return _plain(method, target, version, lines, user, password)


def _plain(method: str, target: str, version: str, lines: list[str], user: str, password: str) -> Request:
    """An absolute-form request, rewritten as the server expects it: one request a connection."""
    try:
        parts = urlsplit(target)
    except ValueError:
        raise BadRequest(400, "the address is malformed") from None
    host, port = _authority(parts.netloc.rpartition("@")[2], 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in _HOP_HEADERS]
    head = "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""])
    return Request(host, port, "TCP", user, password, head=head.encode("latin-1"))


def _patience(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise BadRequest(400, "the timeout must be a number of seconds")
    return seconds


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(400, "a header has no colon")
        headers[name.strip().lower()] = value.strip()
    return headers


def _credentials(header: str) -> tuple[str, str]:
    """User and password of a Basic header; empty ones if there are none to read."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return user, password


def _authority(text: str, default: int | None) -> tuple[str, int]:
    """Host and port of `host:port`, `[::1]:port` or, where a default port is known, `host`."""
    host, colon, digits = text.rpartition(":")
    if not colon or digits.endswith("]"):
        host, digits = text, "" if default is None else str(default)
    host = host.removeprefix("[").removesuffix("]").rstrip(".").lower()
    if not host or not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 65536:
        raise BadRequest(400, "the target must be host:port")
    return host, int(digits)
