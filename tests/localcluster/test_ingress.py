"""The two ways from outside to the shop's frontend."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.doors.ingress import Ingress, Visitor

from .network import Network, network, policy

SECRET = "sesame"


@pytest.fixture
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


@asynccontextmanager
async def shop(directory: Path, frontend: bool = True) -> AsyncIterator[tuple[Network, Ingress]]:
    """An ingress before a frontend that answers with the request line and headers that it got."""
    (directory / "pods").mkdir()
    async with network(directory / "pods") as net:
        pod = await net.pod("frontend")

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + head)
            writer.close()

        server = None
        if frontend:
            server = await asyncio.start_unix_server(answer, net.gateway.attach(pod).directory / "8080.sock")
            net.service("frontend-external", 80, 8080, pod)
        ingress = Ingress(net.gateway, net.store, directory / "shop.sock", SECRET)
        await ingress.start()
        try:
            yield net, ingress
        finally:
            await ingress.stop()
            if server:
                server.close()


async def fetch(ingress: Ingress, path: str, socket: Path | None = None) -> str:
    if socket:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", ingress.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: shop\r\nCookie: a=b\r\nConnection: keep-alive\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer.decode()


def test_the_secret_is_taken_off_the_path(run_dir: Path) -> None:
    async def scenario() -> None:
        async with shop(run_dir) as (net, ingress):
            answer = await fetch(ingress, f"/{SECRET}/cart?x=1")
            assert "\r\n\r\nGET /cart?x=1 HTTP/1.1\r\nHost: shop\r\nCookie: a=b\r\nConnection: close\r\n" in answer
            assert "301" in (redirect := await fetch(ingress, f"/{SECRET}")) and f"Location: /{SECRET}/\r\n" in redirect
            flow = next(f for f in net.gateway.flows.list() if not f["dns"])
            assert (flow["source"]["kind"], flow["source"]["address"], flow["target"]["service"]) == (
                "External",
                "198.51.100.1",
                "default/frontend-external",
            )

    run(scenario())


@pytest.mark.parametrize("path", ["/", "/cart", "/sesamee/", "/sesam/", "/../sesame/", "//sesame/"])
def test_without_the_secret_there_is_nothing(run_dir: Path, path: str) -> None:
    async def scenario() -> None:
        async with shop(run_dir) as (net, ingress):
            assert (await fetch(ingress, path)).startswith("HTTP/1.1 404 ")
            assert net.gateway.flows.list() == []

    run(scenario())


def test_the_socket_needs_no_secret_and_is_private(run_dir: Path) -> None:
    async def scenario() -> None:
        async with shop(run_dir) as (_, ingress):
            path = run_dir / "shop.sock"
            assert path.stat().st_mode & 0o777 == 0o600
            assert "GET /cart HTTP/1.1" in await fetch(ingress, "/cart", path)
            await ingress.stop()
            assert not path.exists()

    run(scenario())


def test_no_frontend_and_a_policy_against_the_outside_give_a_page_with_the_cause(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visitor, "connect_seconds", 0.1)

    async def scenario() -> None:
        async with shop(run_dir) as (net, ingress):
            net.apply(policy("inside-only", "frontend", ingress=[{"from": [{"podSelector": {}}]}]))
            answer = await fetch(ingress, f"/{SECRET}/")
            assert answer.startswith("HTTP/1.1 504 ") and '<pre id="cause"' in answer and "i/o timeout" in answer
            flow = next(f for f in net.gateway.flows.list() if not f["dns"])
            assert (flow["verdict"], flow["policies"]) == ("denied", ["default/inside-only"])

    run(scenario())


def test_no_frontend_gives_a_page(run_dir: Path) -> None:
    async def scenario() -> None:
        async with shop(run_dir, frontend=False) as (net, ingress):
            answer = await fetch(ingress, f"/{SECRET}/")
            assert answer.startswith("HTTP/1.1 503 ") and "lab.deploy()" in answer
            assert "\r\nRefresh: 2\r\n" in answer
            policy = "\r\nContent-Security-Policy: default-src 'none'; "
            assert policy in answer and "; frame-ancestors 'self' http://localhost:* " in answer
            behind_jupyter = await fetch(ingress, "/", run_dir / "shop.sock")
            assert policy in behind_jupyter and "; frame-ancestors 'self'\r\n" in behind_jupyter
            assert "\r\nX-Content-Type-Options: nosniff\r\n" in answer
            assert not net.gateway.flows.list(), "a page that waits calls nobody"

    run(scenario())


def test_another_port_is_taken_when_the_last_one_is_in_use(run_dir: Path) -> None:
    async def scenario() -> None:
        async with shop(run_dir) as (net, ingress):
            second = Ingress(net.gateway, net.store, run_dir / "second.sock", SECRET)
            await second.start(ingress.port)
            assert second.port not in (0, ingress.port)
            await second.stop()

    run(scenario())
