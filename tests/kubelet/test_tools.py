"""The programs of the images: agnhost, coredns."""

import asyncio
import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pods import Bench, until, with_bench

from helpers.localcluster.kubelet.images import agnhost, connect, coredns
from helpers.localcluster.kubelet.probes import goduration
from helpers.podnet import dns

COREDNS = "registry.k8s.io/coredns/coredns:v1.13.1"


@contextlib.contextmanager
def _proxy(answer: bytes | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A gateway that gives everybody the same answer, or none."""
    seen: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        link, _ = server.accept()
        with link:
            seen.append(link.recv(4096))
            if answer is not None:
                link.sendall(answer)
            done.wait(5)

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setenv("http_proxy", f"http://pod:to%2Fken@127.0.0.1:{server.getsockname()[1]}")
    try:
        yield seen
    finally:
        done.set()
        thread.join()
        server.close()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 502 Bad Gateway\r\nX-Lab-Reason: connection refused\r\n\r\n", "REFUSED"),
        (b"HTTP/1.1 502 Bad Gateway\r\nX-Lab-Reason: no such host\r\n\r\n", "DNS: lookup shop: no such host"),
        (b"HTTP/1.1 504 Gateway Timeout\r\nX-Lab-Reason: lookup: i/o timeout\r\n\r\n", "DNS: lookup shop: i/o timeout"),
        (b"HTTP/1.1 504 Gateway Timeout\r\nX-Lab-Reason: i/o timeout\r\n\r\n", "TIMEOUT"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "OTHER: 407 Proxy Authentication Required"),
        (b"", "OTHER: the pod network did not answer: connection reset"),
    ],
)
def test_outcomes_of_a_connection(answer: bytes, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if answer == b"":
        monkeypatch.setattr(socket.socket, "recv", lambda *_: b"")
    with _proxy(answer, monkeypatch) as seen:
        assert connect.connect("shop:80", 2, "tcp") == outcome
    if seen[0]:
        assert b"CONNECT shop:80 HTTP/1.1\r\n" in seen[0]
        assert b"Proxy-Authorization: Basic cG9kOnRvL2tlbg==\r\n" in seen[0]


def test_a_drop_is_a_timeout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with _proxy(None, monkeypatch):
        assert agnhost.main(["connect", "10.96.0.7:80", "--timeout=100ms", "--protocol", "sctp"]) == 1
    assert capsys.readouterr() == ("", "TIMEOUT\n")


@pytest.mark.parametrize("target", ["shop", ":80", "shop:http", "shop:0", "shop:65536"])
def test_targets_that_are_none(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connect.connect(target, 1, "tcp").startswith("DNS: ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["connect", "x:1", "--timeout", "3"], "'3' is not a duration; write it with a unit, such as 3s or 500ms"),
        (["connect", "x:1", "--protocol", "icmp"], "invalid choice: 'icmp'"),
        (["audit-proxy"], "invalid choice: 'audit-proxy'"),
        (["serve-hostname", "--http=maybe"], "'maybe' is neither true nor false"),
        ([], "TOOL"),
    ],
)
def test_wrong_usage(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        agnhost.main(arguments)
    assert raised.value.code == 1
    assert sentence in capsys.readouterr().err


def test_durations() -> None:
    assert [goduration.seconds(text) for text in ("3s", "500ms", "1m30s", "1.5h", "0")] == [3, 0.5, 90, 5400, 0]
    for wrong in ("3", "", "s", "3 s", "-1s", "3s4"):
        with pytest.raises(ValueError):
            goduration.seconds(wrong)


@with_bench
async def test_netexec(b: Bench) -> None:
    b.create("web", "netexec", "--http-port=81", readinessProbe={"tcpSocket": {"port": 81}})
    await until(lambda: b.ready("web"))
    assert (await _get(b, "web", 81, "/hostname")).endswith(b"\r\n\r\nweb")
    assert (await _get(b, "web", 81, "/echo?msg=hi&code=418")).startswith(b"HTTP/1.1 418 ")
    assert (await _get(b, "web", 81, "/")).rpartition(b"\r\n")[2].startswith(b"NOW: ")
    assert b" 404 " in await _get(b, "web", 81, "/no")
    assert b" 400 " in await _get(b, "web", 81, "/", b"Content-Length: x\r\n")
    assert (await _get(b, "web", 81, "/clientip", b"X-Forwarded-For: 10.244.0.7\r\n")).endswith(b"10.244.0.7")
    with contextlib.suppress(ConnectionError):
        await _get(b, "web", 81, "/exit?code=9")
    await until(lambda: b.container("web")["restartCount"] == 1)
    assert b.container("web")["lastState"]["terminated"]["exitCode"] == 9


@with_bench
async def test_serve_hostname(b: Bench) -> None:
    b.create("web", "serve-hostname", "--http=true", "--port", "9376", readinessProbe={"tcpSocket": {"port": 9376}})
    await until(lambda: b.ready("web"))
    assert (await _get(b, "web", 9376, "/x")).endswith(b"web")


@with_bench
async def test_serve_hostname_and_porter_over_every_protocol(b: Bench) -> None:
    """As Kubernetes' own tests of network policies start them."""

    def starts(name: str, *words: str, **fields: object) -> None:
        b.create(name, *words, **fields)

    starts("tcp", "serve-hostname", "--tcp", "--http=false", "--port", "80")
    starts("udp", "serve-hostname", "--udp", "--http=false", "--port", "80")
    starts(
        "porter",
        "porter",
        env=[{"name": "SERVE_PORT_80", "value": "foo"}, {"name": "SERVE_SCTP_PORT_81", "value": "not-dialed"}],
    )
    for name, socket_name in (("tcp", "80.sock"), ("udp", "80.udp"), ("porter", "80.sock"), ("porter", "81.sctp")):
        await until(lambda name=name, socket_name=socket_name: b.ready(name) and _path(b, name, socket_name).exists())
    assert await _all(_path(b, "tcp", "80.sock")) == b"tcp"
    assert (await _get(b, "porter", 80, "/")).endswith(b"\r\n\r\nfoo")
    assert await _all(_path(b, "porter", "81.sctp")) == b"not-dialed"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(str(_path(b, "udp", "0af400078000")))
        link.settimeout(5)
        await asyncio.to_thread(link.sendto, b"hello", str(_path(b, "udp", "80.udp")))
        assert await asyncio.to_thread(link.recv, 100) == b"udp"


def _path(b: Bench, name: str, file: str) -> Path:
    return b.wires.attached[b.pod(name)["metadata"]["uid"]].directory / file


async def _all(path: Path) -> bytes:
    """Everything that a server says before it closes."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        return await reader.read()
    finally:
        writer.close()


@with_bench
async def test_pause_ends_cleanly(b: Bench) -> None:
    b.create("idle", image="registry.k8s.io/pause:3.10", restartPolicy="Never")
    await until(lambda: b.ready("idle"))
    await asyncio.sleep(0.3)  # it runs as soon as it is forked; that it listens for signals shows nowhere
    os.kill(b.pid("idle"), 15)
    await until(lambda: b.phase("idle") == "Succeeded")


def test_dns_answers(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(json.dumps({"frontend.default": "10.96.0.7", "headless.default": ""}))
    zone = coredns.Zone(tmp_path / "zone")
    ask = lambda query: dns.reply(query, zone.address, 5)  # noqa: E731
    good = ask(_query("frontend.default.svc.cluster.local"))
    assert good[:4] == b"\x12\x34\x85\x00" and good[-4:] == socket.inet_aton("10.96.0.7")
    assert ask(_query("headless.default.svc.cluster.local"))[6:8] == b"\0\0"
    assert ask(_query("frontend.default.svc.cluster.local", kind=28))[3] & 15 == 0
    assert ask(_query("no.default.svc.cluster.local"))[3] & 15 == dns.NAME_ERROR
    (tmp_path / "zone").unlink()
    assert ask(_query("frontend.default.svc.cluster.local"))[-4:] == socket.inet_aton("10.96.0.7")
    for cut in range(len(_query("a.b"))):
        ask(_query("a.b")[:cut])
    assert ask(b"\0" * 12 + b"\xc0\x0c" + b"\0" * 9)[3] & 15 == dns.FORMAT_ERROR


@with_bench
async def test_coredns_serves_the_cluster_s_names(b: Bench) -> None:
    b.create("dns", image=COREDNS, readinessProbe={"httpGet": {"path": "/ready", "port": 8181}})
    await until(lambda: b.ready("dns"))
    assert await _resolve(b, "web.default.svc.cluster.local") is None
    metadata = {"name": "web", "namespace": "default"}
    b.store.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
                                "spec": {"clusterIP": "10.96.0.33", "ports": []}})  # fmt: skip
    await asyncio.sleep(0.05)
    assert await _resolve(b, "web.default.svc.cluster.local") == "10.96.0.33"


def _query(name: str, kind: int = 1) -> bytes:
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", kind, 1)


async def _resolve(b: Bench, name: str) -> str | None:
    reader, writer = await b.wires.dial(b.pod("dns")["metadata"]["uid"], 53)
    query = _query(name)
    writer.write(struct.pack("!H", len(query)) + query)
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    answer = await reader.readexactly(length)
    writer.close()
    return socket.inet_ntoa(answer[-4:]) if answer[7] else None


async def _get(b: Bench, name: str, port: int, path: str, headers: bytes = b"") -> bytes:
    reader, writer = await b.wires.dial(b.pod(name)["metadata"]["uid"], port)
    writer.write(b"GET %s HTTP/1.1\r\nHost: web\r\nConnection: close\r\n%s\r\n" % (path.encode(), headers))
    try:
        return await reader.read()
    finally:
        writer.close()
