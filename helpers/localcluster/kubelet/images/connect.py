"""`agnhost connect`: one connection attempt from a pod, and its outcome as upstream's tool reports it.

Over UDP the attempt is a message, and any answer to it.
"""

import time

from helpers.podnet import dialling, names
from helpers.podnet.datagrams import Flow


def connect(target: str, timeout: float, protocol: str, message: bytes = b"hello\n") -> str:
    """Try to reach `host:port`; returns what to print: nothing, TIMEOUT, REFUSED, `DNS: …` or `OTHER: …`.

    `timeout` in seconds, 0 for the system's own; protocol tcp, udp or sctp.
    """
    host, colon, port = target.rpartition(":")
    if not colon or not host:
        return f"DNS: address {target}: missing port in address"
    if not port.isdigit() or not 0 < int(port) < 65536:
        return f"DNS: lookup {protocol}/{port}: unknown port"
    if not dialling.gateway():
        return "OTHER: this process has no way to the pod network (http_proxy is not set)"
    host, limit = host.strip("[]"), timeout or dialling.NEVER
    try:
        if protocol == "udp":
            _send(host, int(port), limit, message)
        else:
            dialling.dial(host, int(port), protocol.upper(), limit).close()
    except (dialling.UnknownName, dialling.LookupTimedOut) as error:
        return f"DNS: lookup {host}: {str(error).removeprefix('lookup: ')}"
    except (dialling.Dropped, TimeoutError):
        return "TIMEOUT"
    except (dialling.Refused, dialling.Unreachable, ConnectionRefusedError):
        return "REFUSED"
    except OSError as error:
        return f"OTHER: {error}"
    return ""


def _send(host: str, port: int, limit: float, message: bytes) -> None:
    deadline = time.monotonic() + limit
    found = names.resolve(host, min(limit, names.SECONDS))
    if not found.addresses:
        raise dialling.UnknownName("no such host")
    with Flow(found.addresses[0], port) as flow:
        flow.send(message)
        flow.receive(max(0.001, deadline - time.monotonic()))
