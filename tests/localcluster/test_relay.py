"""What goes in comes out, whatever the sizes and whoever is slow, and nothing is left open."""

import asyncio
import os
import random
import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.localcluster.dataplane.relay import Relay

Pieces = st.lists(st.integers(1, 200_000), max_size=8)


async def send(link: socket.socket, data: bytes, sizes: list[int]) -> None:
    loop = asyncio.get_running_loop()
    at = 0
    for size in [*sizes, len(data)]:
        await loop.sock_sendall(link, data[at : at + size])
        at += size
        await asyncio.sleep(0)
    link.shutdown(socket.SHUT_WR)


async def receive(link: socket.socket, slow: bool) -> bytes:
    loop = asyncio.get_running_loop()
    parts = []
    while part := await loop.sock_recv(link, 50_000):
        parts.append(part)
        if slow:
            await asyncio.sleep(0.0005)
    return b"".join(parts)


def joined(closed: asyncio.Event) -> tuple[Relay, socket.socket, socket.socket]:
    client, front = socket.socketpair()
    server, back = socket.socketpair()
    for end in (client, front, server, back):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    return Relay(asyncio.get_running_loop(), front, back, closed.set), client, server


@given(there=Pieces, back=Pieces, first=st.booleans(), slow=st.tuples(st.booleans(), st.booleans()), seed=st.integers())
@settings(max_examples=40, deadline=None)
def test_both_ways_arrive_whole(
    there: list[int], back: list[int], first: bool, slow: tuple[bool, bool], seed: int
) -> None:
    chance = random.Random(seed)
    data, answer = chance.randbytes(sum(there)), chance.randbytes(sum(back))
    greeting = b"hello" * 9000 if first else b""

    async def scenario() -> None:
        closed = asyncio.Event()
        relay, client, server = joined(closed)
        with client, server:
            relay.start(greeting, greeting)
            async with asyncio.timeout(10), asyncio.TaskGroup() as group:
                group.create_task(send(client, data, there))
                group.create_task(send(server, answer, back))
                at_server = group.create_task(receive(server, slow[0]))
                at_client = group.create_task(receive(client, slow[1]))
            assert at_server.result() == greeting + data
            assert at_client.result() == greeting + answer
            await asyncio.wait_for(closed.wait(), 2)

    before = len(os.listdir("/dev/fd"))
    asyncio.run(scenario())
    assert len(os.listdir("/dev/fd")) == before


def test_an_end_that_breaks_off_ends_the_other() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()
        relay, client, server = joined(closed)
        relay.start(b"", b"")
        loop = asyncio.get_running_loop()
        with client:
            server.close()
            assert await loop.sock_recv(client, 10) == b""
            client.setblocking(True)
            for _ in range(50):
                try:
                    client.send(b"x")
                except OSError:
                    break
                await asyncio.sleep(0.01)
            await asyncio.wait_for(closed.wait(), 2)

    asyncio.run(scenario())


def test_cutting_ends_both_once() -> None:
    async def scenario() -> None:
        calls = []
        client, front = socket.socketpair()
        server, back = socket.socketpair()
        for end in (client, front, server, back):
            end.setblocking(False)
        relay = Relay(asyncio.get_running_loop(), front, back, lambda: calls.append(1))
        relay.start(b"", b"")
        relay.close()
        relay.close()
        loop = asyncio.get_running_loop()
        with client, server:
            assert await loop.sock_recv(client, 10) == b"" == await loop.sock_recv(server, 10)
        assert calls == [1]

    asyncio.run(scenario())


def test_an_end_that_is_gone_before_the_start() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()
        relay, client, server = joined(closed)
        with client:
            server.close()
            relay.start(b"x", b"")
            await asyncio.wait_for(closed.wait(), 2)

    asyncio.run(scenario())


def test_what_an_end_said_before_it_left_arrives_though_it_was_spoken_to() -> None:
    """A server that answers and hangs up unasked, as a name or a time server does."""

    async def scenario() -> None:
        for greeting in (b"", b"question"):
            for asked_first in (True, False):
                closed = asyncio.Event()
                relay, client, server = joined(closed)
                with client:
                    if asked_first:
                        client.send(b"question")
                    server.send(b"answer")
                    server.close()
                    relay.start(greeting, b"")
                    if not asked_first:
                        client.send(b"question")
                    async with asyncio.timeout(2):
                        assert await asyncio.get_running_loop().sock_recv(client, 100) == b"answer"
                        client.close()
                        await closed.wait()

    asyncio.run(scenario())
