"""The gateway at its door: what it passes on, whom it turns away, how much it takes."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.dataplane import gateway as gateway_module
from helpers.localcluster.doors import door

from .network import network, policy, say


@pytest.fixture
def pods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("p")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_plain_http_is_passed_on_in_origin_form_without_the_pods_token(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            seen = b""

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal seen
                seen = await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
                writer.close()

            listener = await asyncio.start_unix_server(answer, net.gateway.attach(server).directory / "8080.sock")
            net.service("web", 80, 8080, server)
            reader, _ = await net.open(client, head="GET http://web/cart?x=1 HTTP/1.1\r\nHost: web\r\n")
            assert (await reader.read()).endswith(b"hi")
            assert seen.startswith(b"GET /cart?x=1 HTTP/1.1\r\nHost: web\r\n")
            assert b"roxy-" not in seen and b"Connection: close" in seen
            listener.close()

    run(scenario())


def test_plain_http_that_finds_nobody_gets_no_page_for_an_answer(pods: Path) -> None:
    """A program would take it for what it wanted."""

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            net.service("web", 80, 8080, server)
            for host in ("web", "web:81", "nosuch", "10.244.9.9"):
                reader, _ = await net.open(client, head=f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n")
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read() == b"", host

    run(scenario())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"CONNECT web:80 HTTP/1.1\r\n\r\n", b"407"),
        (b"CONNECT web:80 HTTP/1.1\r\nProxy-Authorization: Basic !!!\r\n\r\n", b"407"),
        (b"CONNECT web:80 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n", b"407"),
        (b"CONNECT web HTTP/1.1\r\n\r\n", b"400"),
        (b"CONNECT web:0 HTTP/1.1\r\n\r\n", b"400"),
        (b"CONNECT web:99999 HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET http://[::1/ HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\r\n\r\n", b"400"),
        (b"CONNECT web:80 HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"x" * 20_000, b"431"),
    ],
)
def test_requests_that_are_turned_away(pods: Path, head: bytes, status: bytes) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            reader, writer = await asyncio.open_connection("127.0.0.1", net.gateway.port)
            writer.write(head)
            async with asyncio.timeout(2):
                assert (await reader.read()).startswith(b"HTTP/1.1 " + status)
            writer.close()

    run(scenario())


def test_a_token_is_good_for_its_own_pod_only(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            one, two = await net.pod("one"), await net.pod("two")
            token = net.gateway.attach(one).environment["http_proxy"].split(":")[2].split("@")[0]
            assert net.gateway.identify(one["metadata"]["uid"], token) is not None
            assert net.gateway.identify(two["metadata"]["uid"], token) is None
            assert net.gateway.identify("", "") is None
            net.gateway.detach(one["metadata"]["uid"])
            assert net.gateway.identify(one["metadata"]["uid"], token) is None

    run(scenario())


def test_parked_attempts_are_bounded_in_number_and_forgotten_when_clients_leave(
    pods: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "MOST_PARKED", 3)

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.apply(policy("deny", "server", ingress=[]))
            waiting = [await net.open(client, target=f"{server['status']['podIP']}:80") for _ in range(5)]
            await asyncio.sleep(0.05)
            assert net.gateway.counts()["parked"] == 3
            assert b"504" in await waiting[0][0].read()
            for _, writer in waiting:
                writer.close()
            await asyncio.sleep(0.05)
            assert net.gateway.counts() == {"connections": 0, "parked": 0, "pods": 3}

    run(scenario())


def test_too_many_connections_are_turned_away_and_later_ones_welcome(
    pods: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "MOST_CALLERS", 3)

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            target = f"{server['status']['podIP']}:80"
            standing = [await net.tunnel(client, target) for _ in range(3)]
            assert await net.connect(client, target) == "503 too many connections"
            assert await say(*standing[0], "still") == "server: still"
            standing.pop()[1].close()
            await asyncio.sleep(0.05)
            assert await net.connect(client, target) == "200"

    run(scenario())


def test_one_pod_leaves_room_for_others(pods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "MOST_OF_ONE", 3)

    async def scenario() -> None:
        async with network(pods) as net:
            greedy, modest, server = await net.pod("greedy"), await net.pod("modest"), await net.pod("server", 80)
            target = f"{server['status']['podIP']}:80"
            for _ in range(3):
                await net.tunnel(greedy, target)
            assert await net.connect(greedy, target) == "503 too many connections"
            assert await net.connect(modest, target) == "200"

    run(scenario())


@pytest.mark.parametrize("said", [b"", b"C", b"CONNECT web:80 HTTP/1.1\r\n"])
def test_strangers_take_nobodys_place(pods: Path, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Silent or in the middle of a request: the oldest are cut, and pods don't notice."""
    monkeypatch.setattr(door, "SILENT", 20)
    monkeypatch.setattr(gateway_module, "MOST_STRANGERS", 20)
    monkeypatch.setattr(gateway_module, "MOST_CALLERS", 5)

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            target = f"{server['status']['podIP']}:80"
            standing = await net.tunnel(client, target)
            strangers = []
            for _ in range(100):
                strangers.append(await asyncio.open_connection("127.0.0.1", net.gateway.port))
                strangers[-1][1].write(said)
            async with asyncio.timeout(2):
                assert await strangers[0][0].read() == b"", "the oldest has gone"
                for _ in range(3):
                    await net.tunnel(client, target)
            assert await say(*standing, "still") == "server: still"
            assert net.gateway.counts()["connections"] <= 4 + 20
            assert not strangers[-1][0].at_eof(), "the newest may still mean it"
            for _, writer in strangers:
                writer.close()

    run(scenario())


def test_the_silent_are_cut_after_a_while(pods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SILENT_SECONDS", 0.1)

    async def scenario() -> None:
        async with network(pods) as net:
            reader, writer = await asyncio.open_connection("127.0.0.1", net.gateway.port)
            async with asyncio.timeout(2):
                assert await reader.read() == b""
            writer.close()

    run(scenario())


def test_without_descriptors_a_stranger_makes_room(pods: Path) -> None:
    """Who connects while the process may open no more files takes the place of a silent one."""

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            silent = [await asyncio.open_connection("127.0.0.1", net.gateway.port) for _ in range(5)]
            usual = resource.getrlimit(resource.RLIMIT_NOFILE)
            caller = socket.socket()
            caller.setblocking(False)
            highest = max(int(name) for name in os.listdir("/dev/fd"))
            filler = [os.dup(0)]
            while filler[-1] < highest:  # until there is no number free below
                filler.append(os.dup(0))
            resource.setrlimit(resource.RLIMIT_NOFILE, (filler[-1] + 1, usual[1]))
            try:
                await asyncio.get_running_loop().sock_connect(caller, ("127.0.0.1", net.gateway.port))
                async with asyncio.timeout(2):
                    assert await silent[0][0].read() == b""
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, usual)
                for descriptor in filler:
                    os.close(descriptor)
            caller.close()
            for _, writer in silent:
                writer.close()
            assert await net.connect(client, f"{server['status']['podIP']}:80") == "200"

    run(scenario())


def test_what_comes_in_answers_without_delay() -> None:
    """With Nagle's algorithm the second piece of an answer waits for the first one's acknowledgement: 40 ms."""

    async def scenario() -> None:
        entered: asyncio.Queue[socket.socket] = asyncio.Queue()
        entrance = door.Door(entered.put, door.Strangers(1))
        with socket.create_connection(("127.0.0.1", entrance.open())) as client:
            client.sendall(b"x")
            with await entered.get() as link:
                assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await entrance.close()

    run(scenario())
