"""Plain TCP connections to a service: direct, or through the gateway that `http_proxy` names."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from helpers.boutique.failures import dial_failure

__all__ = ["Connection", "open_connection"]

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_connection(host: str, port: int, timeout: float, environ: Mapping[str, str]) -> Connection:
    """Connect to host:port within `timeout` seconds.

    Raises ConnectionError with the cause in Go's words (`dial tcp redis-cart:6379: i/o timeout`).
    """
    address, proxy = f"{host}:{port}", environ.get("http_proxy", "")
    try:
        async with asyncio.timeout(timeout):
            if proxy:
                return await _through(proxy, address)
            return await asyncio.open_connection(host, port)
    except TimeoutError:
        raise ConnectionError(dial_failure(address, "")) from None
    except OSError as error:
        parts = urlsplit(proxy)
        raise ConnectionError(dial_failure(address, _detail(error), parts.netloc.rpartition("@")[2])) from error


def _detail(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused"
    return str(error) or type(error).__name__


async def _through(proxy: str, address: str) -> Connection:
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(_connect_request(address, parts.username, parts.password))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("Socket closed") from None
        status = head.split(None, 2)[1].decode("ascii", "replace")
        if status != "200":
            raise ConnectionError(f"HTTP proxy returned response code {status}")
    except BaseException:
        writer.close()
        raise
    return reader, writer


def _connect_request(address: str, user: str | None, password: str | None) -> bytes:
    lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
    if user is not None:
        credentials = f"{unquote(user)}:{unquote(password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
