"""What a probe does once: ask a container whether it is well.

`Check` returns None for success, or the sentence that the event and the status carry.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from helpers.localcluster.kubelet.probes import grpchealth

Object = dict[str, Any]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[int], Awaitable[Connection]]
Execute = Callable[[list[str], float], Awaitable[tuple[int, str]]]
Check = Callable[[], Awaitable[str | None]]
LONGEST_HEAD = 1 << 16


class Target:
    """A container as its probes reach it."""

    def __init__(self, address: str, ports: list[Object], dial: Dial, execute: Execute) -> None:
        self.address = address
        self.dial = dial
        self.execute = execute
        self._ports = {port["name"]: int(port["containerPort"]) for port in ports if port.get("name")}

    def port(self, given: int | str) -> int:
        """A port's number; a name is looked up among the container's ports. Raises ValueError."""
        if isinstance(given, int) or given.isdigit():
            return int(given)
        if given in self._ports:
            return self._ports[given]
        raise ValueError(f"the container has no port named {given}")


def of(probe: Object, target: Target) -> Check:
    """The check that a probe's specification asks for, limited by its timeoutSeconds."""
    seconds = float(probe.get("timeoutSeconds") or 1)
    handler = _handler(probe, target, seconds)

    async def check() -> str | None:
        try:
            async with asyncio.timeout(seconds):
                return await handler()
        except TimeoutError:
            return "command timed out" if "exec" in probe else "context deadline exceeded"
        except ValueError as error:
            return str(error)

    return check


def _handler(probe: Object, target: Target, seconds: float) -> Check:
    if "grpc" in probe:
        return lambda: _grpc(probe["grpc"], target)
    if "httpGet" in probe:
        return lambda: _http(probe["httpGet"], target)
    if "tcpSocket" in probe:
        return lambda: _tcp(probe["tcpSocket"], target)
    return lambda: _exec(probe.get("exec") or {}, target, seconds)


async def _tcp(action: Object, target: Target) -> str | None:
    port = target.port(action["port"])
    try:
        _, writer = await target.dial(port)
    except OSError:
        return f"dial tcp {target.address}:{port}: connect: connection refused"
    writer.transport.abort()
    return None


async def _grpc(action: Object, target: Target) -> str | None:
    port = target.port(action["port"])
    try:
        reader, writer = await target.dial(port)
    except OSError:
        return f'timeout: failed to connect service "{target.address}:{port}" within 1s: connection refused'
    try:
        await grpchealth.check(reader, writer, action.get("service") or "")
    except (grpchealth.Unhealthy, ConnectionError) as error:
        return str(error)
    finally:
        writer.transport.abort()
    return None


async def _http(action: Object, target: Target) -> str | None:
    port, path = target.port(action["port"]), action.get("path") or "/"
    url = f"http://{target.address}:{port}{path}"
    if action.get("scheme", "HTTP").upper() == "HTTPS":
        return f'Get "{url}": HTTPS probes are not served here'
    try:
        reader, writer = await target.dial(port)
    except OSError:
        return f'Get "{url}": dial tcp {target.address}:{port}: connect: connection refused'
    try:
        writer.write(_get(path, f"{target.address}:{port}", action.get("httpHeaders") or []))
        line = await reader.readline()
    except (ConnectionError, ValueError):
        return f'Get "{url}": EOF'
    finally:
        writer.transport.abort()
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():
        return f'Get "{url}": the server does not speak HTTP'
    status = int(words[1])
    return None if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _get(path: str, host: str, headers: list[Object]) -> bytes:
    fields = {"Host": host, "User-Agent": "kube-probe/1.37", "Accept": "*/*", "Connection": "close"}
    fields |= {item["name"].title(): item["value"] for item in headers}
    lines = [f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def _exec(action: Object, target: Target, seconds: float) -> str | None:
    status, output = await target.execute(list(action.get("command") or ()), seconds)
    return None if status == 0 else output.strip() or f"command terminated with exit code {status}"
