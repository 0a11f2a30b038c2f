"""The whole shop for tests: every service in its own process on UNIX sockets, calls through a small CONNECT proxy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import http.client
import http.cookies
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urljoin

import yaml

MANIFEST = Path(__file__).parents[2] / "helpers/boutique/manifests/hipster-shop.yaml"


class Proxy:
    """A CONNECT proxy. `rules` has (source, target): "drop", "refuse", "no such host", "no dns", "stuck"."""

    def __init__(self, routes: dict[str, Path]) -> None:
        self.routes = routes
        self.rules: dict[tuple[str, str], str] = {}
        self.seen: list[tuple[str, str]] = []
        self._open: set[tuple[str, str, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(5)

    def cut(self, source: str, target: str) -> None:
        """End the connections that stand from source to target."""
        for one, other, writer in tuple(self._open):
            if (one, other) == (source, target):
                self._loop.call_soon_threadsafe(writer.transport.abort)

    def drop(self, source: str, target: str, rule: str = "drop") -> None:
        """Apply a rule, and end the connections that stand."""
        self.rules[source, target] = rule
        self.cut(source, target)
        time.sleep(0.1)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._done.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._connect(reader, writer)
        writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split()[1]
        source = base64.b64decode(re.search(r"Basic (\S+)", head)[1]).decode().partition(":")[0]
        self.seen.append((source, target))
        rule = self.rules.get((source, target.partition(":")[0]))
        while self.rules.get((source, target.partition(":")[0])) == "drop":
            # As a dropped SYN: no answer, and tried again by itself.
            await asyncio.sleep(0.02)
            if reader.at_eof():
                return
        if rule == "stuck":
            await reader.read()  # as an attempt whose way was wrong from the start
            return
        if rule == "no dns":
            await asyncio.sleep(0.2)
        path = self.routes.get(target)
        status = {"refuse": 502, "no such host": 503, "no dns": 504}.get(rule) or (200 if path else 503)
        if status != 200:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        back_reader, back_writer = await asyncio.open_unix_connection(path)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        entry = (source, target.partition(":")[0], writer)
        self._open.add(entry)
        try:
            await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))
        finally:
            self._open.discard(entry)
            back_writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@dataclass
class Page:
    status: int
    text: str
    path: str
    seconds: float
    headers: dict[str, str]

    @property
    def cause(self) -> str:
        found = re.search(r'<pre id="cause">(.*?)</pre>', self.text, re.S)
        return html.unescape(found[1]) if found else ""


class Visitor:
    """A browser for tests, on the frontend's UNIX socket, with nothing shared with the shop's own code."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._go("GET", path, "")

    def post(self, path: str, **form: object) -> Page:
        return self._go("POST", path, urlencode(form))

    def _go(self, method: str, path: str, body: str) -> Page:
        start = time.perf_counter()
        for _ in range(3):
            page = self.once(method, path, body)
            if page.status not in (302, 303):
                page.seconds = time.perf_counter() - start
                return page
            location = page.headers["location"]
            assert not location.startswith(("/", "http")), f"{location} is not relative"
            method, path, body = "GET", urljoin(path, location), ""
        raise AssertionError("too many redirects")

    def once(self, method: str, path: str, body: str = "", extra: Mapping[str, str] | None = None) -> Page:
        """One exchange, redirects not followed."""
        connection = http.client.HTTPConnection("shop", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(20)
            connection.sock.connect(str(self._path))
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(extra or {})}
            if method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("set-cookie") or []:
                for name, morsel in http.cookies.SimpleCookie(cookie).items():
                    self.cookies[name] = morsel.value
            text = answer.read().decode()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Page(answer.status, text, path, 0.0, fields)
        finally:
            connection.close()


class Shop:
    """Pods made from the manifest, so that the tests hold it too. Use as a context manager."""

    def __init__(self, *, skip: tuple[str, ...] = ("loadgenerator",), environ: dict[str, str] | None = None) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shop-"))
        objects = list(yaml.safe_load_all(MANIFEST.read_text()))
        deployments = [item for item in objects if item["kind"] == "Deployment"]
        self.containers = {
            item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]
            for item in deployments
            if item["metadata"]["name"] not in skip
        }
        self.extra = environ or {}
        routes = {}
        for item in objects:
            if item["kind"] == "Service":
                for port in item["spec"]["ports"]:
                    pod = item["spec"]["selector"]["app"]
                    address = f"{item['metadata']['name']}:{port['port']}"
                    routes[address] = self.directory / pod / f"{port['targetPort']}.sock"
        self.proxy = Proxy(routes)
        self.pids: dict[str, int] = {}

    def __enter__(self) -> Shop:
        self.proxy.start()
        forker = Path(__file__).with_name("forker.py")
        self._forker = subprocess.Popen(
            [sys.executable, str(forker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in self.containers:
            self.start(name)
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._forker.stdin.close()
        self._forker.wait(10)
        self._forker.stdout.close()
        self.proxy.stop()
        shutil.rmtree(self.directory)

    def start(self, name: str) -> None:
        """Start (again) the pod of a deployment."""
        container = self.containers[name]
        directory = self.directory / name
        directory.mkdir(mode=0o700, exist_ok=True)
        for stale in directory.glob("*.sock"):
            stale.unlink()
        environ = {item["name"]: str(item["value"]) for item in container.get("env", [])}
        proxy = f"http://{name}:secret@127.0.0.1:{self.proxy.port}"
        environ |= {"LISTEN_DIR": str(directory), "POD_NAME": f"{name}-abc", "grpc_proxy": proxy, "http_proxy": proxy}
        service = name
        order = {"name": name, "service": service, "environ": environ | self.extra, "log": str(directory / "log")}
        self._forker.stdin.write(json.dumps(order) + "\n")
        self._forker.stdin.flush()
        self.pids[name] = int(self._forker.stdout.readline())

    def restart(self, name: str) -> float:
        """SIGTERM, wait for the end, start again; returns the seconds until the old one had ended."""
        start = time.perf_counter()
        os.kill(self.pids[name], signal.SIGTERM)
        while self.state(self.pids[name]) not in "ZX":
            assert time.perf_counter() - start < 5
            time.sleep(0.005)
        seconds = time.perf_counter() - start
        self.start(name)
        self.wait()
        return seconds

    def state(self, pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return "X"

    def wait(self) -> None:
        """Until every pod accepts connections."""
        deadline = time.monotonic() + 10
        for name, container in self.containers.items():
            for port in container.get("ports", []):
                path = self.directory / name / f"{port['containerPort']}.sock"
                while not accepts(path):
                    assert time.monotonic() < deadline, f"{name} doesn't listen: {self.log(name)}"
                    time.sleep(0.01)

    def log(self, name: str) -> str:
        return (self.directory / name / "log").read_text()

    def visitor(self) -> Visitor:
        return Visitor(self.directory / "frontend" / "8080.sock")


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
