"""Clients that break the rules: they get an error or a closed connection, and the node still serves."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from helpers.localcluster.api.http import connection, websocket

from .conftest import Cluster
from .node import Session
from .raw import authorized, connected, received, talk

EXEC = "/api/v1/namespaces/default/pods/lone/exec?command=cat&stdin=true&stdout=true"
FORWARD = "/api/v1/namespaces/default/pods/lone/portforward"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture(autouse=True)
def still_serves(cluster: Cluster) -> Iterator[None]:
    """Whatever a test did, an honest client is answered at once, and nothing is left over."""
    yield
    begin = time.monotonic()
    assert cluster.request("GET", "/api/v1/namespaces/default")[0] == 200
    assert time.monotonic() - begin < 2


# -- HTTP -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\x03" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT evil:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nbroken header\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused(cluster: Cluster, sent: bytes) -> None:
    answer = talk(cluster, sent)
    assert answer.split(b" ")[1] in (b"400", b"401"), answer
    assert b"Connection: close" in answer


def test_a_malformed_chunk_is_refused(cluster: Cluster) -> None:
    sent = authorized(cluster, "POST /api/v1/namespaces HTTP/1.1", "Transfer-Encoding: chunked") + b"zz\r\nhello\r\n"
    assert talk(cluster, sent).startswith(b"HTTP/1.1 400")


def test_headers_have_a_limit(cluster: Cluster) -> None:
    huge = authorized(cluster, "GET /api HTTP/1.1", "X-Filler: " + "a" * 100_000)
    assert talk(cluster, huge).startswith(b"HTTP/1.1 431")
    many = authorized(cluster, "GET /api HTTP/1.1", *(f"X-{number}: a" for number in range(500)))
    assert talk(cluster, many).startswith(b"HTTP/1.1 431")


def test_a_long_target_is_refused(cluster: Cluster) -> None:
    assert talk(cluster, authorized(cluster, f"GET /{'a' * 100_000} HTTP/1.1")).startswith(b"HTTP/1.1 431")


def test_a_body_that_says_it_is_large_is_refused_unread(cluster: Cluster) -> None:
    sent = authorized(cluster, "POST /api/v1/namespaces HTTP/1.1", f"Content-Length: {1 << 30}")
    begin = time.monotonic()
    assert talk(cluster, sent).startswith(b"HTTP/1.1 413")
    assert time.monotonic() - begin < 5


def test_an_endless_body_is_cut_off(cluster: Cluster) -> None:
    sent = authorized(cluster, "POST /api/v1/namespaces HTTP/1.1", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with connected(cluster) as client:
        client.sendall(sent)
        with pytest.raises((ConnectionError, ssl.SSLError)):
            for _ in range(10_000):
                client.sendall(chunk)


def test_a_stranger_cannot_make_the_server_read_a_body(cluster: Cluster) -> None:
    answer = talk(cluster, b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401")


def test_pipelined_requests_are_answered_in_order_up_to_a_limit(cluster: Cluster) -> None:
    one = authorized(cluster, "GET /version HTTP/1.1")
    last = authorized(cluster, "GET /api HTTP/1.1", "Connection: close")
    answer = talk(cluster, one * 3 + last)
    assert answer.count(b"HTTP/1.1 200") == 4
    assert b"APIVersions" in answer.rpartition(b"HTTP/1.1 200")[2]
    talk(cluster, one * 500)


def test_plain_http_gets_nothing(cluster: Cluster) -> None:
    with socket.create_connection(("127.0.0.1", cluster.port), timeout=5) as client:
        client.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        with contextlib.suppress(ConnectionError):
            data = client.recv(1000)
    assert b"HTTP" not in data


# -- slow, silent and vanishing clients ----------------------------------------------


def test_a_request_that_never_ends_is_cut_off(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "RECEIVE_SECONDS", 0.3)
    with connected(cluster) as client:
        client.sendall(b"GET /version HTTP/1.1\r\nX-Slow: ")
        assert received(client) == b""


def test_a_body_that_never_comes_is_cut_off(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "RECEIVE_SECONDS", 0.3)
    assert talk(cluster, authorized(cluster, "POST /api/v1/namespaces HTTP/1.1", "Content-Length: 10") + b"{") == b""


def test_a_silent_stranger_is_cut_off(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STRANGER_SECONDS", 0.3)
    with connected(cluster) as client:
        assert received(client) == b""


def test_a_watcher_that_does_not_read_is_cut_off(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BACKLOG_BYTES", 200_000)
    path = "/api/v1/namespaces/default/configmaps?watch=true"
    with connected(cluster) as client:
        client.sendall(authorized(cluster, f"GET {path} HTTP/1.1"))
        client.recv(100)
        for number in range(60):
            body = {"metadata": {"name": f"large-{number}"}, "data": {"text": "x" * 200_000}}
            assert cluster.request("POST", "/api/v1/namespaces/default/configmaps", body)[0] == 201
        deadline = time.monotonic() + 5
        while cluster.call(lambda: len(cluster.connections)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not cluster.connections


def test_watchers_that_vanish_leave_nothing(cluster: Cluster) -> None:
    before = cluster.call(lambda: len(cluster.store._callbacks))
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            client = stack.enter_context(connected(cluster))
            client.sendall(authorized(cluster, "GET /api/v1/pods?watch=true HTTP/1.1"))
            client.recv(100)
        assert cluster.call(lambda: len(cluster.store._callbacks)) == before + 30
    deadline = time.monotonic() + 5
    while cluster.call(lambda: len(cluster.store._callbacks)) > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- WebSocket and SPDY ------------------------------------------------------------


@pytest.fixture
def pod(cluster: Cluster) -> None:
    cluster.kubectl("run", "lone", "--image=agnhost")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/lone", "--timeout=10s")


@contextlib.contextmanager
def upgraded(cluster: Cluster, path: str, protocol: str) -> Iterator[ssl.SSLSocket]:
    headers = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    headers += (f"Sec-WebSocket-Key: {KEY}", f"Sec-WebSocket-Protocol: {protocol}")
    with connected(cluster) as client:
        client.sendall(authorized(cluster, f"GET {path} HTTP/1.1", *headers))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        yield client


def masked(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    mask = os.urandom(4)
    size = struct.pack(">BBH", 0, 0xFE, len(payload))[1:]
    return bytes(((0x80 if final else 0) | opcode,)) + size + mask + websocket.unmask(mask, payload)


FRAMES = {
    "unmasked": b"\x82\x01a",
    "reserved bits": b"\xf2\x81abcd\x00",
    "unknown opcode": b"\x83\x81abcd\x00",
    "far too long": b"\x82\xff" + b"\x7f" * 8,
    "long control frame": masked(9, b"x" * 200),
    "fragmented control frame": masked(9, b"x", final=False),
    "continuation of nothing": masked(0, b"x"),
    "fragment inside a fragment": masked(2, b"x", final=False) + masked(2, b"x"),
    "endless message": masked(2, b"x" * 60_000, final=False) + masked(0, b"x" * 60_000, final=False) * 100,
}


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize("sent", FRAMES.values(), ids=FRAMES.keys())
def test_broken_frames_end_the_connection(cluster: Cluster, sent: bytes) -> None:
    with upgraded(cluster, EXEC, "v5.channel.k8s.io") as client:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            client.sendall(sent)
        answer = received(client)
    assert not answer or answer[0] == 0x88, "a close frame, or a reset"
    assert cluster.node.sessions[-1].killed.is_set() or _soon_killed(cluster)


def _soon_killed(cluster: Cluster) -> bool:
    deadline = time.monotonic() + 5
    while not cluster.node.sessions[-1].killed.is_set() and time.monotonic() < deadline:
        time.sleep(0.02)
    return cluster.node.sessions[-1].killed.is_set()


@pytest.mark.usefixtures("pod")
def test_an_exec_whose_client_vanishes_is_killed(cluster: Cluster) -> None:
    with upgraded(cluster, EXEC, "v5.channel.k8s.io") as client:
        client.sendall(masked(2, b"\x00hello"))
        client.recv(10)
    assert _soon_killed(cluster)


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n" * 10,
        b"\x00" * 1000,
        struct.pack(">HHI", 0x8003, 1, 0xFFFFFF) + b"x" * 60_000,
        struct.pack(">HHI", 0x8003, 1, 4) + b"abcd",
        struct.pack(">HHI", 0x8003, 1, 14) + b"\0" * 10 + b"abcd",
        struct.pack(">HHI", 0x8009, 1, 0),
    ],
)
def test_broken_spdy_ends_the_connection(cluster: Cluster, sent: bytes) -> None:
    with upgraded(cluster, FORWARD, "SPDY/3.1+portforward.k8s.io") as client:
        client.settimeout(1)
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            client.sendall(masked(2, sent))
            answer = client.recv(1000)
            assert not answer or answer[0] in (0x88, 0x82)


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize("ports", ["0", "65536", "x", "80,", "-1", ",".join(["80"] * 500)])
def test_odd_ports_are_refused(cluster: Cluster, ports: str) -> None:
    status, answer = cluster.request(
        "GET",
        f"{FORWARD}?ports={ports}",
        headers={
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
        },
    )
    assert (status, answer["reason"]) == (400, "BadRequest")


@pytest.mark.usefixtures("pod")
def test_an_upgrade_to_something_else_is_refused(cluster: Cluster) -> None:
    for path in (EXEC, FORWARD):
        for headers in ({}, {"Upgrade": "SPDY/3.1", "Connection": "Upgrade"}):
            assert cluster.request("POST", path, headers=headers)[0] == 400


# -- paths and tokens --------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/default/pods/..%2f..%2fetc%2fpasswd/log",
        "/api/v1/namespaces/../../etc/passwd",
        "/api/v1/namespaces/default/pods/%00/log",
        "/../../etc/passwd",
        "//api/v1",
        "/api/v1/namespaces//pods",
        "/api/v1/nodes/lab-node/proxy/metrics",
        "/api/v1/namespaces/default/services/kubernetes/proxy",
        "/debug/pprof",
    ],
)
def test_odd_paths_lead_nowhere(cluster: Cluster, path: str) -> None:
    status, answer = cluster.request("GET", path)
    assert (status, answer["kind"]) == (404, "Status")


@pytest.mark.parametrize("name", ["../up", "a/b", "A", ".hidden", "A" * 300, "a\0b", "ü"])
def test_names_that_are_no_names_are_refused(cluster: Cluster, name: str) -> None:
    spec = {"containers": [{"name": "main", "image": "x"}]}
    for metadata in ({"name": name}, {"generateName": name[:60]}):
        status, _ = cluster.request("POST", "/api/v1/namespaces/default/pods", {"metadata": metadata, "spec": spec})
        assert status == 422
    bad = {"containers": [{"name": name, "image": "x"}]}
    body = {"metadata": {"name": "fine"}, "spec": bad}
    assert cluster.request("POST", "/api/v1/namespaces/default/pods", body)[0] == 422


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "bearer {token}", "Bearer {token}x"]
)
def test_only_the_token_opens(cluster: Cluster, given: str) -> None:
    header = given.format(token=cluster.credentials.token)
    for path in ("/api/v1/pods", "/version", "/openapi/v3", "/metrics", "/"):
        status, answer = cluster.request("GET", path, headers={"Authorization": header})
        assert (status, answer["reason"]) == (401, "Unauthorized")


def test_answers_carry_headers_that_keep_browsers_out(cluster: Cluster) -> None:
    answer = talk(cluster, authorized(cluster, "GET /version HTTP/1.1", "Connection: close")).lower()
    for header in (
        b"x-content-type-options: nosniff",
        b"content-security-policy: default-src 'none'",
        b"cache-control:",
    ):
        assert header in answer
    assert b"access-control-allow-origin" not in answer
    assert b"server:" not in answer


# -- a node that fails in the middle ---------------------------------------------------


@pytest.mark.usefixtures("pod")
def test_a_log_that_breaks_is_cut(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that has begun can't become an error any more."""

    async def breaking(*_: object, **__: object) -> AsyncIterator[bytes]:
        yield b"one\n"
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(cluster.node, "logs", breaking)
    answer = talk(cluster, authorized(cluster, "GET /api/v1/namespaces/default/pods/lone/log HTTP/1.1"))
    assert b"one\n" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.usefixtures("pod")
def test_an_exec_that_breaks_is_cut(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: object) -> int:
        raise RuntimeError("no such process")

    monkeypatch.setattr(Session, "wait", broken)
    with upgraded(cluster, EXEC.replace("command=cat", "command=echo"), "v5.channel.k8s.io") as client:
        answer = received(client)
    assert b"HTTP/1.1" not in answer
