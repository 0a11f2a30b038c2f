"""An API server in the test's process, on TLS with a token, and clients for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import pytest

from helpers.localcluster.api import seed
from helpers.localcluster.api.app import build
from helpers.localcluster.api.http.server import Server
from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.controllers import Controllers
from helpers.localcluster.node import certificates as pki
from helpers.localcluster.node import kubeconfig

from . import table
from .kubectls import PINNED
from .node import Node

Object = dict[str, Any]
T = TypeVar("T")


class Typist:
    """Types kubectl: `binary` with the kubeconfig in `home`."""

    def __init__(self, home: Path, binary: Path = PINNED) -> None:
        self.home = home
        self.binary = binary

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(self.home / "kubeconfig"),
            "KUBECACHEDIR": str(self.home / "kubecache"),
            "KUBE_EDITOR": "sed -i 's/port: 80$/port: 8081/'",
        }

    def popen(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.binary, *arguments],
            env=self.environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def kubectl(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """kubectl's output, both kinds; fails the test unless it exits with `code`."""
        with self.popen(*arguments) as process:
            out, err = process.communicate(stdin, timeout=30)
        assert process.returncode == code, f"kubectl {' '.join(arguments)}: {process.returncode}\n{out}{err}"
        return out + err


class Cluster(Typist):
    """A running API; `kubectl`, `request` and `python` are three ways to it."""

    def __init__(self, home: Path, credentials: pki.Credentials, binary: Path = PINNED) -> None:
        super().__init__(home, binary)
        self.credentials = credentials
        self.store: Store
        self.node: Node
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    # -- the server ------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()
        self.run(self._start())
        kubeconfig.write(
            self.home / "kubeconfig",
            f"https://127.0.0.1:{self.port}",
            self.credentials.authority,
            self.credentials.token,
        )

    async def _start(self) -> None:
        self.store = Store.open(self.home / "state.db")
        seed.plant(self.store)
        self.node = Node(self.store)
        self._controllers = Controllers(self.store)
        self._controllers.start()
        self._server = Server(build(self.store, token=self.credentials.token, node=self.node))
        self.port = await self._server.start(self.credentials.server_context(), self.port)

    async def _stop(self) -> None:
        await self._server.stop()
        self._controllers.stop()
        self.store.close()

    def restart(self) -> None:
        """Stop and start over the same files, on the same port."""
        self.run(self._stop())
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the server's loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(30)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call on the server's loop."""

        async def work() -> T:
            return function(*arguments)

        return self.run(work())

    @property
    def connections(self) -> dict[Any, None]:
        return self._server._connections

    # -- clients ---------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and decoded JSON (or text) of one request."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls(), timeout=20)
        data = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
        sent = {"Authorization": f"Bearer {self.credentials.token}", "Content-Type": content_type, **(headers or {})}
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            text = response.read().decode()
            try:
                return response.status, json.loads(text)
            except ValueError:
                return response.status, text
        finally:
            connection.close()

    def tls(self) -> ssl.SSLContext:
        return self.credentials.client_context()

    def python(self) -> Any:
        """The official client's `kubernetes.client` ApiClient for this cluster."""
        from kubernetes import config

        return config.new_client_from_config(str(self.home / "kubeconfig"))  # type: ignore[no-untyped-call]


class Page(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Greeter(socketserver.StreamRequestHandler):
    """A web page for what is forwarded to."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")


@pytest.fixture(scope="session")
def page() -> Iterator[int]:
    """The port of the page."""
    with Page(("127.0.0.1", 0), Greeter) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> pki.Credentials:
    return pki.ensure(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def cluster(tmp_path: Path, credentials: pki.Credentials) -> Iterator[Cluster]:
    running = Cluster(tmp_path, credentials)
    running.start()
    yield running
    running.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    table.write()
