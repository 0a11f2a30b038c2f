"""Calls to other services: one lasting connection per service, deadlines, and honest errors.

A connection that stands is kept however long it is idle, as the policies of the course need to show. An attempt that
doesn't come to an end is left to the calls that began with it: the next page makes one of its own.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
import grpc.aio

from helpers.boutique.failures import RpcFailure, dial_failure, go_code
from helpers.boutique.lookup import Lookups
from helpers.boutique.wire import Method

Request = TypeVar("Request")
Response = TypeVar("Response")

_NEVER = 2_147_483_647
CHANNEL_OPTIONS = (
    # Two channels of one process must not share a connection, nor a failure.
    ("grpc.use_local_subchannel_pool", 1),
    # This is gRPC's connect timeout too: a dropped connection ends by the call's deadline, not before.
    ("grpc.min_reconnect_backoff_ms", 600_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.enable_retries", 0),
    ("grpc.client_idle_timeout_ms", _NEVER),
    # Services publish no TXT records: don't ask DNS for them.
    ("grpc.service_config_disable_resolution", 1),
)

_UNREACHED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_SHARED = 1 / 3
"""The share of RPC_DEADLINE for which an attempt to connect is joined by more calls, and outlives those that end."""


class _Line:
    """One attempt to connect, and the connection that came of it."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self.opened = time.monotonic()
        self.calls = 0
        self._methods: dict[str, Callable[..., Any]] = {}

    def method(self, method: Method[Any, Any]) -> Callable[..., Any]:
        if method.path not in self._methods:
            self._methods[method.path] = self.channel.unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return self._methods[method.path]

    @property
    def stands(self) -> bool:
        return bool(self.channel.get_state() is grpc.ChannelConnectivity.READY)

    def stale(self, age: float) -> bool:
        """Whether the next call would get what another one came to: an old error, or an attempt that is stuck."""
        failed = self.channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE
        return failed or (not self.stands and self.age >= age)

    @property
    def age(self) -> float:
        return time.monotonic() - self.opened


class Peer:
    """The service at one address. Call it with a method and a request; it answers or raises RpcFailure."""

    def __init__(self, address: str, deadline: float, proxy: str = "", lookups: Lookups | None = None) -> None:
        self.address = address
        self.deadline = deadline
        self._proxy = proxy
        self._lookups = lookups
        self._line: _Line | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(
        self, method: Method[Request, Response], request: Request, *, deadline: float | None = None
    ) -> Response:
        """Send `request`. `deadline` in seconds, by default RPC_DEADLINE. Raises RpcFailure."""
        line = self._fresh()
        line.calls += 1
        try:
            response: Response = await line.method(method)(
                request, timeout=self.deadline if deadline is None else deadline
            )
            self._prefer(line)
            return response
        except grpc.aio.AioRpcError as error:
            raise self._failure(error, line) from None
        except asyncio.CancelledError:
            # Closing a channel cancels the calls on it; so does giving up a page, and only that is passed on.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RpcFailure("Unavailable", self._dial_text(""), connected=False) from None
        finally:
            line.calls -= 1
            if line is not self._line and not line.calls:
                self._hang_up(line)

    def _fresh(self) -> _Line:
        """The connection that stands, or an attempt young enough to tell how things are now."""
        if self._line is not None and self._line.stale(self.deadline * _SHARED):
            self._leave(self._line)
        if self._line is None:
            self._line = _Line(self.address)
            if self._lookups is not None and not self._proxy:
                self._lookups.begin(self.address)
        return self._line

    def _prefer(self, line: _Line) -> None:
        """Keep a connection that stands rather than an attempt that doesn't yet."""
        if self._line is not line and line.stands and (self._line is None or not self._line.stands):
            former, self._line = self._line, line
            if former is not None and not former.calls:
                self._hang_up(former)

    def _failure(self, error: Any, line: _Line) -> RpcFailure:
        code, details = error.code(), error.details() or ""
        timed_out = code is grpc.StatusCode.DEADLINE_EXCEEDED
        if code not in _UNREACHED or line.stands:
            return RpcFailure(go_code(code.name), "context deadline exceeded" if timed_out else details)
        if not timed_out or line.age >= self.deadline * _SHARED:
            self._leave(line)
        return RpcFailure("Unavailable", self._dial_text("" if timed_out else details), connected=False)

    def _dial_text(self, details: str) -> str:
        if not details and not self._proxy and self._lookups is not None:
            details = self._lookups.trouble(self.address)
        cause = dial_failure(self.address, details, self._proxy)
        return f'connection error: desc = "transport: Error while dialing: {cause}"'

    def _leave(self, line: _Line) -> None:
        """Leave a line to the calls that are on it; without any it is closed."""
        if self._line is line:
            self._line = None
        if not line.calls:
            self._hang_up(line)

    def _hang_up(self, line: _Line) -> None:
        task = asyncio.ensure_future(line.channel.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close the connection and give up what is under way."""
        if self._line is not None:
            line, self._line = self._line, None
            await line.channel.close()
        for task in tuple(self._closing):
            task.cancel()


class Dialer:
    """Peers by the name of the variable that holds their address, such as SHIPPING_SERVICE_ADDR."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._peers: dict[str, Peer] = {}
        self._lookups = Lookups()
        self.deadline = seconds(environ, "RPC_DEADLINE", 3.0)

    def peer(self, variable: str) -> Peer:
        """The peer that `variable` names. Raises ValueError with a sentence if it is missing or no host:port."""
        if variable not in self._peers:
            proxy = proxy_address(self._environ)
            self._peers[variable] = Peer(address(self._environ, variable), self.deadline, proxy, self._lookups)
        return self._peers[variable]

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(peer.close() for peer in self._peers.values()))


def address(environ: Mapping[str, str], variable: str) -> str:
    """The host:port in `variable`. Raises ValueError with a sentence for the log."""
    value = environ.get(variable, "")
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{variable} is {value!r}; set it to the host:port of a service, as the shop's manifest does")
    return value


def proxy_address(environ: Mapping[str, str]) -> str:
    """host:port of the proxy that gRPC connections go through, "" without one. Credentials stay out of it."""
    url = environ.get("grpc_proxy") or environ.get("http_proxy") or ""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.hostname else ""


def seconds(environ: Mapping[str, str], variable: str, default: float) -> float:
    """A positive number of seconds from the environment. Raises ValueError with a sentence for the log."""
    text = environ.get(variable) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise ValueError(f"{variable} is {text!r}; it must be a number above 0, such as {default:g}")
    return value
