"""`agnhost connect`: one connection attempt from a pod, and its outcome as upstream's tool reports it.

The attempt goes the way of all the pod's traffic, through the proxy in its environment.
"""

import base64
import os
import socket
import time
from urllib.parse import unquote, urlsplit

NEVER = 130.0
"""Without --timeout the system gives up a connection after about this many seconds."""
MARGIN = 1.0
"""Seconds that the proxy may be late with its word that the time is over."""


def connect(target: str, timeout: float, protocol: str) -> str:
    """Try to reach `host:port`; returns what to print: nothing, TIMEOUT, REFUSED, `DNS: …` or `OTHER: …`.

    `timeout` in seconds, 0 for the system's own; protocol tcp, udp or sctp.
    """
    host, colon, port = target.rpartition(":")
    if not colon or not host:
        return f"DNS: address {target}: missing port in address"
    if not port.isdigit() or not 0 < int(port) < 65536:
        return f"DNS: lookup {protocol}/{port}: unknown port"
    proxy = os.environ.get("http_proxy")
    if not proxy:
        return "OTHER: this process has no way to the pod network (http_proxy is not set)"
    limit = timeout or NEVER
    try:
        status, reason = _ask(proxy, target, protocol, limit)
    except TimeoutError:
        return "TIMEOUT"
    except ConnectionError as error:
        return f"OTHER: the pod network did not answer: {error.strerror or error}"
    return _outcome(host.strip("[]"), status, reason)


def _outcome(host: str, status: int, reason: str) -> str:
    if status == 200:
        return ""
    if status == 504:
        return f"DNS: lookup {host}: i/o timeout" if reason.startswith("lookup") else "TIMEOUT"
    if status in (502, 503) and "no such host" in reason:
        return f"DNS: lookup {host}: no such host"
    if status == 502:
        return "REFUSED"
    return f"OTHER: {status} {reason}".rstrip()


def _ask(proxy: str, target: str, protocol: str, limit: float) -> tuple[int, str]:
    """CONNECT; the proxy's status and reason. Raises TimeoutError when it stays silent, as for a drop."""
    where = urlsplit(proxy)
    deadline = time.monotonic() + limit + MARGIN
    credentials = f"{unquote(where.username or '')}:{unquote(where.password or '')}".encode()
    request = (
        f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nX-Lab-Protocol: {protocol}\r\n"
        f"X-Lab-Timeout: {max(limit, 0.001):.3f}\r\n"
        f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "127.0.0.1", where.port or 80), limit) as link:
        link.sendall(request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            link.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = link.recv(4096)
            if not piece:
                raise ConnectionResetError("connection reset")
            head += piece
    return _parse(head.decode("latin-1"))


def _parse(head: str) -> tuple[int, str]:
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return status, headers.get("x-lab-reason") or (words[2] if len(words) > 2 else "")
