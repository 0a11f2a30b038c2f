"""Clients that vanish in the middle of anything, that dawdle, and that fight over one object."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster, cluster
from support.recovery import pids, recovered, until
from support.wire import Wire
from support.writer import POLICIES, Api, Session, bystander

CLIENTS = 30
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "host"},
    "spec": {
        "containers": [{"name": "web", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec"]}]
    },
}
PODS = "/api/v1/namespaces/default/pods"
HOST = f"{PODS}/host"


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    with cluster("--empty", prefix="lab-clients-") as own:
        api = Api(own.home / "kubeconfig")
        api.request("POST", PODS, POD)
        own.kubectl("wait", "--for=condition=Ready", "pod/host", "--timeout=20s")
        yield own
        recovered(own)


def open_files(own: Cluster) -> int:
    return len(list(Path(f"/proc/{pids(own)['node']}/fd").iterdir()))


def run(own: Cluster, scenario: Coroutine[Any, Any, None]) -> None:
    """Play it; afterwards the node answers at once, and has kept no connection and no process."""
    before = open_files(own)
    asyncio.run(scenario)
    api = Api(own.home / "kubeconfig")
    begun = time.monotonic()
    assert api.request("GET", HOST)["status"]["phase"] == "Running"
    assert time.monotonic() - begun < 2
    until(lambda: open_files(own) <= before + 2, 10, lambda: f"{before} files before, {open_files(own)} now")
    recovered(own)
    log = (own.home / "node.log").read_text()
    assert "Traceback" not in log and "never retrieved" not in log, log


def test_gone_in_the_middle_of_a_request(lab: Cluster) -> None:
    api = Api(lab.home / "kubeconfig")
    body = json.dumps(bystander("half", 1)).encode()

    async def scenario() -> None:
        for cut in (0, 10, 40, 200, 200 + len(body) // 2):
            for _ in range(CLIENTS // 5):
                wire = await Wire.dial(api)
                request = f"POST {POLICIES} HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {api.token}\r\n"
                request += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                wire.writer.write((request.encode() + body)[:cut])
                await wire.writer.drain()
                wire.vanish()

    run(lab, scenario())
    assert api.refusal("GET", f"{POLICIES}/half")[0] == 404, "half a request changes nothing"


def test_gone_before_the_answer(lab: Cluster) -> None:
    api = Api(lab.home / "kubeconfig")

    async def scenario() -> None:
        for number in range(CLIENTS):
            wire = await Wire.dial(api)
            body = json.dumps(bystander(f"unread-{number}", number)).encode()
            wire.send("POST", POLICIES, body, Content_Type="application/json", Content_Length=str(len(body)))
            await wire.writer.drain()
            wire.vanish()

    run(lab, scenario())
    for item in api.items(POLICIES):
        assert item["metadata"]["annotations"]["revision"] == item["metadata"]["name"].rpartition("-")[2]
    api.request("DELETE", POLICIES)


def test_gone_while_following_logs(lab: Cluster) -> None:
    api = Api(lab.home / "kubeconfig")

    async def scenario() -> None:
        for _ in range(CLIENTS):
            wire = await Wire.dial(api)
            wire.send("GET", f"{HOST}/log?follow=true")
            assert await wire.head() == 200
            wire.vanish()

    run(lab, scenario())


@pytest.mark.parametrize("terminal", ["false", "true"])
def test_gone_while_a_command_runs(lab: Cluster, terminal: str) -> None:
    """Its command ends with it, and what that command has started."""
    api = Api(lab.home / "kubeconfig")
    script = "sleep%20987%20%26%20sleep%20987"

    async def scenario() -> None:
        wires = []
        for _ in range(5):
            wire = await Wire.dial(api)
            wire.upgrade(f"{HOST}/exec?command=sh&command=-c&command={script}&stdin=true&stdout=true&tty={terminal}")
            assert await wire.head() == 101
            wires.append(wire)
        await asyncio.to_thread(until, lambda: len(sleeping(lab)) == 10, 10, lambda: sleeping(lab))
        for wire in wires:
            wire.vanish()
        await asyncio.to_thread(until, lambda: not sleeping(lab), 10, lambda: sleeping(lab))

    run(lab, scenario())


def sleeping(own: Cluster) -> list[str]:
    return [command for command in own.processes().values() if command == "sleep 987"]


def test_gone_while_forwarding_a_port(lab: Cluster) -> None:
    api = Api(lab.home / "kubeconfig")

    async def scenario() -> None:
        for _ in range(CLIENTS):
            wire = await Wire.dial(api)
            wire.upgrade(f"{HOST}/portforward?ports=8080", "v4.channel.k8s.io")
            assert await wire.head() == 101
            wire.vanish()

    run(lab, scenario())


def test_strangers_who_say_nothing_keep_nobody_out(lab: Cluster) -> None:
    """Hundreds of connections, none of which ever speaks."""
    api = Api(lab.home / "kubeconfig")

    async def scenario() -> None:
        silent = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(300)]
        wires = [await Wire.dial(api) for _ in range(50)]
        begun = time.monotonic()
        assert await asyncio.to_thread(api.request, "GET", "/version")
        assert time.monotonic() - begun < 3
        for link in silent:
            link.close()
        for wire in wires:
            wire.vanish()

    run(lab, scenario())


def test_a_watcher_that_does_not_read_is_cut_off(lab: Cluster) -> None:
    """Others see everything meanwhile."""
    api = Api(lab.home / "kubeconfig")
    path = "/api/v1/namespaces/default/configmaps"

    def write(count: int) -> None:
        with Session(api) as session:
            for number in range(count):
                data = {"text": f"{number:06}" * 60_000}
                body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large"}, "data": data}
                method, where = ("PUT", f"{path}/large") if number else ("POST", path)
                assert session.request(method, where, body)[0] in (200, 201)

    async def scenario() -> None:
        deaf = await Wire.dial(api, limit=1 << 16)
        deaf.send("GET", f"{path}?watch=true")
        assert await deaf.head() == 200
        good = await Wire.dial(api, limit=1 << 24)
        good.send("GET", f"{path}?watch=true&fieldSelector=metadata.name=large")
        assert await good.head() == 200
        writing = asyncio.create_task(asyncio.to_thread(write, 60))  # 20 MB of events
        async with asyncio.timeout(60):
            seen = 0
            while seen < 60:
                seen += json.loads(await good.line())["object"]["metadata"]["name"] == "large"
        await writing
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError, EOFError)):
            async with asyncio.timeout(20):
                while True:
                    await deaf.reader.readexactly(1 << 14)
        good.vanish()
        deaf.vanish()

    run(lab, scenario())
    api.request("DELETE", f"{path}/large")


@pytest.mark.long
def test_dawdlers_are_cut_off(lab: Cluster) -> None:
    """One says nothing, one a byte a second, one stops in the middle of its body."""
    api = Api(lab.home / "kubeconfig")

    async def lasts(first: bytes, each_second: bytes) -> float:
        """Seconds until the node has enough of it."""
        wire, begun = await Wire.dial(api), time.monotonic()
        wire.writer.write(first)
        ended = asyncio.create_task(wire.reader.read())
        while not ended.done() and time.monotonic() - begun < 60:
            wire.writer.write(each_second)
            await asyncio.wait([ended], timeout=1)
        wire.vanish()
        await asyncio.gather(ended, return_exceptions=True)
        return time.monotonic() - begun

    async def scenario() -> None:
        token = f"Authorization: Bearer {api.token}\r\n"
        body = f"POST {POLICIES} HTTP/1.1\r\n{token}Content-Length: 1000\r\n\r\n".encode()
        took = await asyncio.gather(lasts(b"", b""), lasts(b"GET /", b"a"), lasts(body, b""), lasts(body, b" "))
        assert max(took) < 30, took

    run(lab, scenario())


def test_two_writers_never_undo_each_other(lab: Cluster) -> None:
    """Each adds to a number that it has read; who comes second with an old version gets 409 and reads again."""
    api = Api(lab.home / "kubeconfig")
    api.request("POST", POLICIES, bystander("counter", 0))
    writers, additions = 6, 15

    def add() -> int:
        conflicts = 0
        with Session(api) as session:
            for _ in range(additions):
                while True:
                    policy = session.request("GET", f"{POLICIES}/counter")[1]
                    notes = policy["metadata"]["annotations"]
                    notes["revision"] = str(int(notes["revision"]) + 1)
                    code, answer = session.request("PUT", f"{POLICIES}/counter", policy)
                    if code == 200:
                        break
                    assert (code, answer["reason"]) == (409, "Conflict") and "try again" in answer["message"]
                    conflicts += 1
        return conflicts

    with ThreadPoolExecutor(writers) as pool:
        conflicts = sum(pool.map(lambda _: add(), range(writers)))
    counted = api.request("GET", f"{POLICIES}/counter")["metadata"]["annotations"]["revision"]
    assert int(counted) == writers * additions and conflicts
    api.request("DELETE", f"{POLICIES}/counter")
