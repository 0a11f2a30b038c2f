"""What went wrong with a call, in the words of the Go client that the upstream shop uses.

A learner who meets these texts on a real cluster should recognize them. The difference: the address in them is
the one that was dialled (`shippingservice:50051`), where Go shows the Service's resolved IP.
"""

from __future__ import annotations

import re

__all__ = ["RpcFailure", "dial_failure", "go_code"]


class RpcFailure(Exception):
    """A call failed. `code` is gRPC's name for it in Go's spelling, `connected` tells whether a server was reached."""

    def __init__(self, code: str, description: str, *, connected: bool = True) -> None:
        super().__init__(f"rpc error: code = {code} desc = {description}")
        self.code = code
        self.description = description
        self.connected = connected


def go_code(name: str) -> str:
    """`DEADLINE_EXCEEDED` -> `DeadlineExceeded`; `OK` and `CANCELLED` as Go spells them."""
    special = {"OK": "OK", "CANCELLED": "Canceled"}
    return special.get(name) or "".join(part.capitalize() for part in name.split("_"))


def dial_failure(address: str, details: str, proxy: str = "") -> str:
    """Why no connection to `address` (host:port) came about, as `dial tcp …`.

    `details` is what grpcio says; empty means that the deadline passed while it was still dialling.
    `proxy` is the host:port of the proxy that connections go through, if any.
    """
    host = address.rpartition(":")[0] or address
    if not details:
        return f"dial tcp {address}: i/o timeout"
    if match := re.search(r"HTTP proxy returned response code (\d+)", details):
        return _proxy_answer(address, host, int(match[1]), proxy)
    if "Connection refused" in details:
        return (
            f"proxyconnect tcp: dial tcp {proxy}: connect: connection refused"
            if proxy
            else f"dial tcp {address}: connect: connection refused"
        )
    if re.search(r"Domain name not found|Name or service not known|nodename nor servname", details):
        return f"dial tcp: lookup {host}: no such host"
    if re.search(r"resolv|lookup", details) and re.search(r"[Tt]imed out|[Tt]imeout", details):
        return f"dial tcp: lookup {host}: i/o timeout"
    if re.search(r"[Tt]imed out|[Tt]imeout", details):
        return f"dial tcp {address}: i/o timeout"
    if "Socket closed" in details or "reset by peer" in details:
        return f"dial tcp {address}: read: connection reset by peer"
    return f"dial tcp {address}: {details}"


def _proxy_answer(address: str, host: str, status: int, proxy: str) -> str:
    """What the gateway's answer to CONNECT means. It answers nothing at all to a connection that a policy drops."""
    texts = {
        502: f"dial tcp {address}: connect: connection refused",
        503: f"dial tcp: lookup {host}: no such host",
        504: f"dial tcp: lookup {host}: i/o timeout",
    }
    return texts.get(status) or f"proxyconnect tcp: {proxy or 'proxy'} answered {status} for {address}"
