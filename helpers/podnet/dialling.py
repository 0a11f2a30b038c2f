"""Connections to other pods, to Services and to the outside; and what may become of an attempt.

DialError
    Dropped         nobody answered in time, as when a policy drops packets
    Refused         the host answered that nothing listens there
    Unreachable     there is no way to that address
    UnknownName     no such host
    LookupTimedOut  the cluster's DNS did not answer
    NoNetwork       the pod network itself failed
"""

import base64
import os
import socket
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

NEVER = 130.0
"""Without a limit of its own the system gives up an attempt after about this many seconds."""
MARGIN = 1.0
"""Seconds that the gateway may be late with its word that the time is over."""
LONGEST_HEAD = 16 * 1024


class DialError(OSError):
    """An attempt that led to no connection; the text is the cause."""


class Dropped(DialError):
    """Nobody answered in time."""


class Refused(DialError):
    """The host answered that nothing listens there."""


class Unreachable(DialError):
    """There is no way to that address."""


class UnknownName(DialError):
    """The name means nothing to the cluster's DNS."""


class LookupTimedOut(DialError):
    """The cluster's DNS did not answer."""


class NoNetwork(DialError):
    """The gateway is gone, or doesn't take this process for a pod."""


def gateway(environ: Mapping[str, str] = os.environ) -> str:
    """The address of the pod network's gateway with the pod's credentials; "" where there is none."""
    return environ.get("http_proxy", "")


def request(proxy: str, host: str, port: int, protocol: str = "TCP", patience: float | None = None) -> bytes:
    """The head of a CONNECT. With `patience` (s) the gateway tells of a drop after so long."""
    parts, target = urlsplit(proxy), f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if protocol != "TCP":
        lines.append(f"X-Lab-Protocol: {protocol.lower()}")
    if patience is not None:
        lines.append(f"X-Lab-Timeout: {max(patience, 0.001):.3f}")
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(head: str) -> tuple[int, str]:
    """Status and reason of the gateway's answer."""
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return status, headers.get("x-lab-reason") or (words[2] if len(words) > 2 else "")


def check(status: int, reason: str) -> None:
    """Raises the DialError that an answer of the gateway means; none for 200."""
    if status == 200:
        return
    if status == 504:
        raise (LookupTimedOut if reason.startswith("lookup") else Dropped)(reason)
    if status in (502, 503) and "no such host" in reason:
        raise UnknownName(reason)
    if status == 502:
        raise (Unreachable if "no route" in reason else Refused)(reason)
    raise NoNetwork(f"{status} {reason}".rstrip())


def dial(host: str, port: int, protocol: str = "TCP", timeout: float | None = None) -> socket.socket:
    """Connect within `timeout` seconds (None: as long as the system waits). A name is looked up on the way.

    Raises DialError.
    """
    proxy = gateway()
    limit = NEVER if timeout is None else timeout
    if not proxy:
        return _direct(host, port, protocol, limit)
    parts = urlsplit(proxy)
    try:
        link = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), limit)
    except OSError as error:
        raise NoNetwork(f"the pod network did not answer: {error.strerror or error}") from None
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(request(proxy, host, port, protocol, limit))
        check(*answer(_head(link, time.monotonic() + limit + MARGIN)))
        link.settimeout(None)
        return link
    except BaseException:
        link.close()
        raise


def _head(link: socket.socket, deadline: float) -> str:
    """The gateway's answer, and not a byte of what follows it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        link.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            piece = link.recv(LONGEST_HEAD, socket.MSG_PEEK)
            end = (head + piece).find(b"\r\n\r\n")
            piece = link.recv(len(piece) if end < 0 else end + 4 - len(head))
        except TimeoutError:
            raise Dropped("i/o timeout") from None
        except OSError as error:
            raise NoNetwork(f"the pod network did not answer: {error.strerror or error}") from None
        if not piece or len(head) > LONGEST_HEAD:
            raise NoNetwork("the pod network did not answer: connection reset")
        head += piece
    return head.decode("latin-1")


def _direct(host: str, port: int, protocol: str, limit: float) -> socket.socket:
    number = {"TCP": 0, "SCTP": getattr(socket, "IPPROTO_SCTP", 132)}.get(protocol)
    if number is None:
        raise NoNetwork("this process has no way to the pod network (http_proxy is not set)")
    try:
        family, kind, number, _, where = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM, number)[0]
        link = socket.socket(family, kind, number)
        link.settimeout(limit)
        link.connect(where)
    except socket.gaierror as error:
        raise UnknownName(error.strerror or "no such host") from None
    except TimeoutError:
        raise Dropped("i/o timeout") from None
    except ConnectionRefusedError:
        raise Refused("connection refused") from None
    except OSError as error:
        raise Unreachable(error.strerror or str(error)) from None
    link.settimeout(None)
    return link
