"""Calls to other services: one lasting connection per service, deadlines, and honest errors.

A connection that stands is kept however long it is idle, as the policies of the course need to show. One that
could not be made is thrown away, so that the next page reports a fresh attempt and not an old failure.
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
# An attempt to connect gets at least this long (s) before a call with a short deadline may give it up.
_PATIENCE = 1.0


class Peer:
    """The service at one address. Call it with a method and a request; it answers or raises RpcFailure."""

    def __init__(self, address: str, deadline: float, proxy: str = "") -> None:
        self.address = address
        self.deadline = deadline
        self._proxy = proxy
        self._channel: Any = None
        self._opened = 0.0
        self._calls: dict[str, Callable[..., Any]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(
        self, method: Method[Request, Response], request: Request, *, deadline: float | None = None
    ) -> Response:
        """Send `request`. `deadline` in seconds, by default RPC_DEADLINE. Raises RpcFailure."""
        call = self._call(method)
        channel = self._channel
        try:
            response: Response = await call(request, timeout=self.deadline if deadline is None else deadline)
            return response
        except grpc.aio.AioRpcError as error:
            raise self._failure(error, channel) from None
        except asyncio.CancelledError:
            if not _ready(channel):
                self._drop(channel)
            # Closing a channel cancels the calls on it; so does giving up a page, and only that is passed on.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RpcFailure("Unavailable", self._dial_text(""), connected=False) from None

    def _call(self, method: Method[Any, Any]) -> Callable[..., Any]:
        if self._channel is not None and self._channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            # It would answer at once with the error of an earlier attempt.
            self._drop(self._channel)
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self.address, options=CHANNEL_OPTIONS)
            self._opened = time.monotonic()
            self._calls = {}
        if method.path not in self._calls:
            self._calls[method.path] = self._channel.unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return self._calls[method.path]

    def _failure(self, error: Any, channel: Any) -> RpcFailure:
        code, details = error.code(), error.details() or ""
        timed_out = code is grpc.StatusCode.DEADLINE_EXCEEDED
        if code not in _UNREACHED or _ready(channel):
            return RpcFailure(go_code(code.name), "context deadline exceeded" if timed_out else details)
        if not timed_out or time.monotonic() - self._opened >= min(_PATIENCE, self.deadline):
            self._drop(channel)
        return RpcFailure("Unavailable", self._dial_text("" if timed_out else details), connected=False)

    def _dial_text(self, details: str) -> str:
        cause = dial_failure(self.address, details, self._proxy)
        return f'connection error: desc = "transport: Error while dialing: {cause}"'

    def _drop(self, channel: Any) -> None:
        if self._channel is channel:
            self._channel = None
            # Calls that still wait on the channel may end by their own deadlines.
            task = asyncio.ensure_future(channel.close(self.deadline))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close the connection and give up what is under way."""
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.close()
        for task in tuple(self._closing):
            task.cancel()


def _ready(channel: Any) -> bool:
    return channel.get_state() is grpc.ChannelConnectivity.READY


class Dialer:
    """Peers by the name of the variable that holds their address, such as SHIPPING_SERVICE_ADDR."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._peers: dict[str, Peer] = {}
        self.deadline = seconds(environ, "RPC_DEADLINE", 3.0)

    def peer(self, variable: str) -> Peer:
        """The peer that `variable` names. Raises ValueError with a sentence if it is missing or no host:port."""
        if variable not in self._peers:
            self._peers[variable] = Peer(address(self._environ, variable), self.deadline, proxy_address(self._environ))
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
