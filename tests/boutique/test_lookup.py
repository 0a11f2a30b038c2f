"""Without the lab's gateway gRPC tells nothing of a name's lookup: a slow lookup is told from a slow connect."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpers.boutique import wire
from helpers.boutique.dialer import Peer
from helpers.boutique.failures import RpcFailure
from helpers.boutique.lookup import Lookups
from helpers.boutique.protos import hipstershop_pb2 as pb


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are neither accepted nor refused for long: its queue is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def cause(address: str) -> str:
    """What a page would say of a call to this address."""

    async def call() -> str:
        peer = Peer(address, 0.5, "", Lookups())
        try:
            await peer(wire.GET_ADS, pb.AdRequest())
        except RpcFailure as failure:
            return failure.description
        finally:
            await peer.close()
        return ""

    return asyncio.run(call())


def unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("resolve", "said"),
    [
        (None, "dial tcp 127.0.0.1:{port}: i/o timeout"),
        (unknown, "dial tcp: lookup 127.0.0.1: no such host"),
        (lambda *_, **__: threading.Event().wait(3), "dial tcp: lookup 127.0.0.1: i/o timeout"),
    ],
)
def test_a_slow_lookup_is_told_from_a_slow_connect(
    resolve: Callable[..., Any] | None, said: str, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if resolve is not None:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert said.format(port=silent) in cause(f"127.0.0.1:{silent}")


def test_a_name_is_asked_for_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    go_on = threading.Event()

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        go_on.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    lookups = Lookups()
    for _ in range(3):
        lookups.begin("a:1")
    assert asked == ["a"] and lookups.trouble("a:1") and not lookups.trouble("b:1")
    go_on.set()
    lookups._threads["a"].join()
    assert not lookups.trouble("a:1")
