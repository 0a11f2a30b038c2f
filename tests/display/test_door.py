"""`/shop/` of Jupyter: what is passed on and what stays, and the page that waits where there is no shop."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from support.course import ROOT

from helpers.display.door import passing
from helpers.display.door.passing import Asked
from helpers.lab.cluster import chosen
from helpers.lab.shop.ways import Closed

UPSTREAM = b'<a href="/cart">c</a><img src=\'/static/x.png\'><a href="//elsewhere/">e</a><form action="/cart/empty">'


class Upstream(BaseHTTPRequestHandler):
    """A frontend that knows no prefix, and says what it was sent."""

    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        moved = self.path == "/cart/checkout"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/cart")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Set-Cookie", "shop_session-id=a; Path=/")
        self.send_header("Set-Cookie", "shop_currency=EUR; Path=/")
        self.end_headers()
        self.wfile.write(UPSTREAM)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


class ScriptedWay:
    """A way to `port`; the first `broken` connections on it break off without an answer."""

    note = ""
    pause = 0.1

    def __init__(self, port: int, broken: int = 0) -> None:
        self.port, self.broken, self.mended = port, broken, 0

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        if not self.broken:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        self.broken -= 1
        connection = http.client.HTTPConnection("shop", timeout=timeout)
        connection.sock, other = socket.socketpair()
        other.close()
        return connection

    def mend(self) -> bool:
        self.mended += 1
        return True

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def asked(method: str = "GET", target: str = "/product/1", root: str = "../", body: bytes = b"") -> Asked:
    return Asked(method, target, (("host", "shop"),), body, root)


def test_links_from_the_root_lead_below_the_door(port: int) -> None:
    response = passing.passed_on(passing.fetch(ScriptedWay(port), asked()), "../")
    assert response.body == UPSTREAM.replace(b'"/cart', b'"../cart').replace(b"'/static", b"'../static")
    assert [value for key, value in response.raw_headers if key == b"set-cookie"] == [
        b"shop_session-id=a; Path=/",
        b"shop_currency=EUR; Path=/",
    ]
    moved = passing.passed_on(passing.fetch(ScriptedWay(port), asked("POST", "/cart/checkout", body=b"a=b")), "../")
    assert moved.status_code == 302 and moved.headers["location"] == "../cart"
    assert Upstream.seen[-1][0] == "POST" and Upstream.seen[-1][3] == b"a=b"


def test_a_lost_connection_is_mended_and_nothing_sent_twice(port: int) -> None:
    way = ScriptedWay(port, broken=1)
    assert passing.fetch(way, asked()).status == 200 and way.mended == 1
    way = ScriptedWay(port, broken=1)
    with pytest.raises(Closed, match="kubectl get pods"):
        passing.fetch(way, asked("POST", "/cart", body=b"a=b"))
    assert way.mended == 1, "it was looked at before"


class Door:
    """The door's own process, whose parent this is."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.display.door", str(path)], env=environment, cwd=ROOT
        )

    def ask(self, target: str, method: str = "GET", body: str = "", **fields: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("door", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        try:
            connection.sock.connect(str(self.path))
            connection.request(method, target, body, {key.replace("_", "-"): value for key, value in fields.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    environment = {key: value for key, value in os.environ.items() if key not in ("LAB_CONTEXT", "KUBECONFIG")}
    door = Door(tmp_path / "s", environment | {"LAB_HOME": str(tmp_path / "home")})
    while not door.path.exists():
        assert door.process.poll() is None
    try:
        yield door
    finally:
        door.process.terminate()
        door.process.wait(20)


def test_the_door_ends_with_jupyter_and_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "s"
    program = (
        "import subprocess, sys;"
        f"door = subprocess.Popen([sys.executable, '-P', '-m', 'helpers.display.door', {str(path)!r}]);"
        "print(door.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"LAB_HOME": str(tmp_path / "home")},
    ) as jupyter:
        assert jupyter.stdin and jupyter.stdout and jupyter.stderr
        door = int(jupyter.stdout.readline())
        while not path.exists():
            time.sleep(0.02)
        os.kill(door, signal.SIGINT)
        time.sleep(0.3)
        os.kill(door, 0)  # Control-C in a terminal reaches it too, and only Jupyter asks whether to end
        jupyter.stdin.close()
        assert jupyter.stderr.read() == ""  # the end of the file: nobody holds it any more


def entrance(home: Path) -> Path:
    """Where the local cluster of this home would answer."""
    from helpers.localcluster.node.home import Home

    found = Home(home)
    found.choose_run()
    found.shop_socket.parent.mkdir(parents=True, exist_ok=True)
    return found.shop_socket


def test_the_page_that_waits_opens_by_itself(door: Door, tmp_path: Path) -> None:
    status, text = door.ask("/product/1")
    assert status == 503 and "The cluster is stopped" in text and 'fetch("../_door/open")' in text
    assert door.ask("/", sec_fetch_mode="navigate")[0] == 200, "no error in a browser's console"
    assert 'location.replace("../cart"' in door.ask("/cart/empty", "POST")[1], "a form isn't sent again"
    answers: list[tuple[int, str]] = []
    waiting = threading.Thread(target=lambda: answers.append(door.ask("/_door/open")))
    waiting.start()
    path = entrance(tmp_path / "home")
    with UnixServer(path) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        waiting.join(30)
        assert [json.loads(text) for _, text in answers] == [{"open": True}]
        secrets = {"Cookie": "username-x=jupyter; shop_currency=EUR; _xsrf=z", "Authorization": "token jupyter"}
        status, text = door.ask("/cart?token=jupyter&a=%2C,b", **secrets)
        assert status == 200 and 'href="./cart"' in text
        method, target, fields, _ = Upstream.seen[-1]
        assert (method, target, fields["cookie"]) == ("GET", "/cart?a=%2C,b", "shop_currency=EUR")
        assert "jupyter" not in str(Upstream.seen[-1])
        server.shutdown()
        serving.join()
    assert "lab-shop" in door.ask("/_door/panel?path=/cart")[1]


class UnixServer(ThreadingHTTPServer):
    """The same frontend on a UNIX socket."""

    address_family = socket.AF_UNIX

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Upstream)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "shop", 80

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        link, _ = self.socket.accept()
        return link, ("shop", 0)


def test_a_server_that_is_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        monkeypatch.setenv(chosen.SERVER, str(pid))
        chosen.note(None, "mine")
    assert set(json.loads((tmp_path / chosen.FILE).read_text())) == {str(os.getpid())}
    assert chosen.of_server(os.getpid()) == (None, "mine")
    monkeypatch.delenv("LAB_CONTEXT", raising=False)
    assert chosen.of_server(ended.pid) == (None, "default")
