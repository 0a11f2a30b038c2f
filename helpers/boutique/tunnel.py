"""Plain TCP connections to a service, and why there is none, in Go's words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from helpers.boutique.failures import dial_failure
from helpers.podnet import dialling, streams
from helpers.podnet.streams import Connection

__all__ = ["Connection", "open_connection"]


async def open_connection(host: str, port: int, timeout: float, environ: Mapping[str, str]) -> Connection:
    """Connect to host:port within `timeout` seconds.

    Raises ConnectionError with the cause in Go's words (`dial tcp redis-cart:6379: i/o timeout`).
    """
    address = f"{host}:{port}"
    try:
        async with asyncio.timeout(timeout):
            return await streams.open_connection(host, port, environ)
    except TimeoutError:
        raise ConnectionError(dial_failure(address, "")) from None
    except dialling.DialError as error:
        raise ConnectionError(_of_network(address, host, error)) from None
    except OSError as error:
        proxy = urlsplit(dialling.gateway(environ)).netloc.rpartition("@")[2]
        raise ConnectionError(dial_failure(address, _detail(error), proxy)) from error


def _of_network(address: str, host: str, error: dialling.DialError) -> str:
    """What the pod network said."""
    if isinstance(error, dialling.UnknownName):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, dialling.LookupTimedOut):
        return f"dial tcp: lookup {host}: i/o timeout"
    if isinstance(error, dialling.NoNetwork):
        return f"proxyconnect tcp: {error}"
    if isinstance(error, dialling.Dropped):
        return dial_failure(address, "")
    return f"dial tcp {address}: connect: connection refused"


def _detail(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused"
    return str(error) or type(error).__name__
