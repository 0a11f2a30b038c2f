"""Many of a thing: connections, watches that nobody reads, events. Each has a bound, and the owner is served."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from helpers.localcluster.api import events
from helpers.localcluster.api.http import connection, server

from .conftest import Cluster
from .raw import authorized, connected


def test_strangers_cannot_keep_the_owner_out(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster._server._strangers, "_most", 10)
    monkeypatch.setattr(server, "CONNECTIONS", 10)
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connected(cluster))
        assert cluster.request("GET", "/api/v1/namespaces/default")[0] == 200


@pytest.mark.parametrize("said", [b"", b"\x16", b"\x16\x03\x01\x02\x00"], ids=["silent", "a byte", "half a hello"])
def test_before_tls_strangers_are_few_and_go_first(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    for group in (cluster._server._strangers, cluster._server._door._silent):
        monkeypatch.setattr(group, "_most", 10)
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(socket.create_connection(("127.0.0.1", cluster.port))) for _ in range(60)]
        for link in links:
            link.sendall(said)
        assert cluster.request("GET", "/version")[0] == 200
        links[0].settimeout(3)
        with contextlib.suppress(ConnectionError):
            assert links[0].recv(1) == b"", "the oldest has gone"


def test_a_question_that_anybody_may_ask_makes_nobody_trusted(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            client = stack.enter_context(connected(cluster))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert cluster.request("GET", "/version")[0] == 200


def test_a_watch_gives_way_to_a_request(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client begins anew where it was; a command that runs in a pod couldn't."""
    monkeypatch.setattr(server, "CONNECTIONS", 5)
    with contextlib.ExitStack() as stack:
        watches = [stack.enter_context(connected(cluster)) for _ in range(20)]
        for client in watches:
            client.sendall(authorized(cluster, "GET /api/v1/pods?watch=true HTTP/1.1"))
        deadline = time.monotonic() + 5
        while (standing := cluster.call(_watching, cluster)) != 5:
            assert time.monotonic() < deadline, standing
            time.sleep(0.02)
        assert cluster.request("GET", "/version")[0] == 200
        assert cluster.call(_watching, cluster) >= 4, "one gave way"


def _watching(cluster: Cluster) -> int:
    return sum(held.resumable for held in cluster.connections)


def test_what_is_left_unread_is_shared_out(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many watchers that don't read take no more together than a few."""
    monkeypatch.setattr(connection, "BACKLOG_OF_ALL", 1_000_000)
    path = "/api/v1/namespaces/default/configmaps"
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(connected(cluster))
            client.sendall(authorized(cluster, f"GET {path}?watch=true HTTP/1.1"))
            client.recv(100)
        for number in range(40):
            body = {"metadata": {"name": f"large-{number}"}, "data": {"text": "x" * 200_000}}
            assert cluster.request("POST", path, body)[0] == 201
        deadline = time.monotonic() + 5
        while len(cluster.connections) > 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(cluster.connections) <= 3


def test_events_stay_within_their_limit_whoever_writes_them(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEPT", 50)
    path = "/api/v1/namespaces/default/events"
    about = {"kind": "Pod", "namespace": "default", "name": "x"}
    for number in range(200):
        stamp = "2099-01-01T00:00:00Z" if number < 100 else "2001-01-01T00:00:00Z"
        body = {"metadata": {"name": f"note-{number}"}, "involvedObject": about, "lastTimestamp": stamp}
        assert cluster.request("POST", path, body)[0] == 201
    names = {item["metadata"]["name"] for item in cluster.request("GET", path)[1]["items"]}
    assert len(names) <= 50 and "note-199" in names, "the newest are kept, whatever they say of their time"


def test_fields_given_very_often_are_found_soon(cluster: Cluster) -> None:
    body = b'{"metadata": {"name": "twice"}, "data": {' + b",".join([b'"a":"b"'] * 300_000) + b"}}"
    begun = time.monotonic()
    status, answer = cluster.request("POST", "/api/v1/namespaces/default/configmaps?fieldValidation=Strict", body)
    assert status == 400 and "duplicate field" in answer["message"] and time.monotonic() - begun < 15
