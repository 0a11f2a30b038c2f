"""Probes: what each kind asks, and what follows from the answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from support.pods import AGNHOST, Bench, until, with_bench

from helpers.localcluster.kubelet.probes import asking as probes
from helpers.localcluster.kubelet.probes import grpchealth


def test_an_http_pod_is_probed_by_its_port_s_name() -> None:
    target = probes.Target("10.0.0.1", [{"name": "http", "containerPort": 8080}], _refuse, _execute)
    assert target.port("http") == 8080
    assert target.port("81") == target.port(81) == 81
    with pytest.raises(ValueError, match="no port named web"):
        target.port("web")


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        ({"tcpSocket": {"port": 6379}}, "dial tcp 10.0.0.1:6379: connect: connection refused"),
        ({"grpc": {"port": 50051}}, 'failed to connect service "10.0.0.1:50051"'),
        ({"httpGet": {"port": 80, "path": "/x"}}, 'Get "http://10.0.0.1:80/x": dial tcp 10.0.0.1:80'),
        ({"httpGet": {"port": 443, "scheme": "HTTPS"}}, "HTTPS probes are not served here"),
        ({"httpGet": {"port": "web"}}, "no port named web"),
        ({"exec": {"command": ["no"]}}, "no luck"),
    ],
)
def test_a_refused_probe_says_what_it_tried(probe: dict[str, object], sentence: str) -> None:
    target = probes.Target("10.0.0.1", [], _refuse, _execute)
    assert sentence in str(asyncio.run(probes.of(probe, target)()))


def test_a_silent_server_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with _serving(tmp_path, b"") as dial:
            target = probes.Target("10.0.0.1", [], dial, _execute)
            for kind in ({"grpc": {"port": 1}}, {"httpGet": {"port": 1}}):
                check = probes.of({**kind, "timeoutSeconds": 0.05}, target)
                assert await check() == "context deadline exceeded"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 302 Found\r\n\r\n", None),
        (b"HTTP/1.1 500 No\r\n\r\n", "HTTP probe failed with statuscode: 500"),
        (b"SSH-2.0-OpenSSH\r\n", 'Get "http://10.0.0.1:1/": the server does not speak HTTP'),
    ],
)
def test_http_answers(tmp_path: Path, answer: bytes, outcome: str | None) -> None:
    async def scenario() -> None:
        async with _serving(tmp_path, answer) as dial:
            target = probes.Target("10.0.0.1", [], dial, _execute)
            assert await probes.of({"httpGet": {"port": 1}}, target)() == outcome

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 9 + b"\xff" * 100, b"\xff" * 40])
def test_a_server_that_does_not_speak_http2_is_unhealthy(tmp_path: Path, answer: bytes) -> None:
    async def scenario() -> None:
        async with _serving(tmp_path, answer) as dial:
            target = probes.Target("10.0.0.1", [], dial, _execute)
            outcome = await probes.of({"grpc": {"port": 1}, "timeoutSeconds": 0.1}, target)()
            assert outcome

    asyncio.run(scenario())


def test_grpc_health_against_grpc_s_own_server(tmp_path: Path) -> None:
    path = tmp_path / "s"
    states = health.HealthServicer()
    server = grpc.server(ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(states, server)
    server.add_insecure_port(f"unix:{path}")
    server.start()

    async def check(service: str = "") -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            await asyncio.wait_for(grpchealth.check(reader, writer, service), 5)
        finally:
            writer.close()

    try:
        states.set("", health_pb2.HealthCheckResponse.SERVING)
        asyncio.run(check())
        states.set("cart", health_pb2.HealthCheckResponse.NOT_SERVING)
        with pytest.raises(grpchealth.Unhealthy, match="NOT_SERVING"):
            asyncio.run(check("cart"))
        with pytest.raises(grpchealth.Unhealthy, match="UNKNOWN"):
            asyncio.run(check("unknown"))
    finally:
        server.stop(None).wait()


def test_grpc_health_of_a_server_without_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_insecure_port(f"unix:{path}")
    server.start()

    async def check() -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            await asyncio.wait_for(grpchealth.check(reader, writer, ""), 5)
        finally:
            writer.close()

    try:
        with pytest.raises(grpchealth.Unhealthy, match="does not answer"):
            asyncio.run(check())
    finally:
        server.stop(None).wait()


@with_bench
async def test_a_failing_liveness_probe_restarts(b: Bench) -> None:
    command = ["sh", "-c", "touch alive; sleep 0.6; rm alive; sleep 100"]
    probe = {"exec": {"command": ["test", "-e", "alive"]}, "periodSeconds": 1, "failureThreshold": 1}
    b.create("web", command=command, livenessProbe=probe, terminationGracePeriodSeconds=1)
    await until(lambda: b.container("web").get("restartCount") == 1)
    told = b.events("web")
    assert ("Killing", "Container main failed liveness probe, will be restarted") in told
    assert any(reason == "Unhealthy" and text.startswith("Liveness probe failed: ") for reason, text in told)


@with_bench
async def test_a_failing_startup_probe_restarts(b: Bench) -> None:
    probe = {"tcpSocket": {"port": 1}, "periodSeconds": 0.1, "failureThreshold": 2}
    b.create("web", command=["sleep", "100"], startupProbe=probe, terminationGracePeriodSeconds=1)
    await until(lambda: b.container("web").get("restartCount") == 1)
    assert ("Killing", "Container main failed startup probe, will be restarted") in b.events("web")


@with_bench
async def test_readiness_comes_and_goes(b: Bench) -> None:
    probe = {"exec": {"command": ["test", "-e", "ok"]}, "periodSeconds": 0.05, "failureThreshold": 2}
    b.create("web", command=["sleep", "100"], readinessProbe={**probe, "successThreshold": 2})
    await until(lambda: b.state("web") == "running")
    await asyncio.sleep(0.2)
    assert not b.ready("web") and b.container("web")["started"]
    condition = next(item for item in b.pod("web")["status"]["conditions"] if item["type"] == "Ready")
    assert condition["message"] == "containers with unready status: [main]"
    for present in (True, False, True):
        await b.exec("web", *(["touch", "ok"] if present else ["rm", "ok"]))
        await until(lambda: b.ready("web") == present)  # noqa: B023


@with_bench
async def test_no_failure_is_told_while_a_pod_starts(b: Bench) -> None:
    command = ["sh", "-c", "sleep 0.3; touch ok; sleep 100"]
    b.create("web", command=command, readinessProbe={"exec": {"command": ["test", "-e", "ok"]}})
    await until(lambda: b.ready("web"))
    assert not [reason for reason, _ in b.events("web") if reason == "Unhealthy"]


@with_bench
async def test_a_probe_that_hangs_is_ended(b: Bench) -> None:
    probe = {"exec": {"command": ["sleep", "50"]}, "timeoutSeconds": 0.1, "periodSeconds": 0.2}
    b.create("web", image=AGNHOST, readinessProbe=probe)
    await until(lambda: any("command timed out" in text for _, text in b.events("web")))
    b.delete("web")
    await until(lambda: b.gone("web"))


async def _refuse(port: int) -> probes.Connection:
    raise ConnectionRefusedError(port)


async def _execute(command: list[str], seconds: float) -> tuple[int, str]:
    return 1, "no luck\n"


@contextlib.asynccontextmanager
async def _serving(directory: Path, answer: bytes) -> AsyncIterator[Callable[[int], Awaitable[probes.Connection]]]:
    """A server that says the same to everybody, or nothing at all."""
    writers = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer)

    server = await asyncio.start_unix_server(client, directory / "s")
    try:
        yield lambda port: asyncio.open_unix_connection(directory / "s")
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.01)
