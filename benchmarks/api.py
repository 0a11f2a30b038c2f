"""The API's figures: start, kubectl, watchers, large lists, memory, durable writes.

Run as `python benchmarks/api.py`; prints `name value unit target` lines. The API
runs in a process of its own (this file with `serve HOME`), without pods behind it.
"""

import asyncio
import contextlib
import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from figures import times

KUBECTL = Path(sys.executable).with_name("kubectl")
STARTS = times(9)
CALLS = times(21)
WATCHERS = times(100, 5)
WRITES_PER_SECOND = 100
WATCH_SECONDS = times(5)
OBJECTS = times(1000, 50)
WRITE_SECONDS = times(3)
CLIENTS = 16
SENT = b'"sent":"'


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        report("api_first_answer", statistics.median(start_once(home) for _ in range(STARTS)), "s", "<0.4")
        with server(home) as api:
            measure_kubectl(home)
            latencies = asyncio.run(watch_latencies(api))
            report("api_watch_p50", statistics.median(latencies) * 1000, "ms", "-")
            report("api_watch_p99", latencies[int(len(latencies) * 0.99)] * 1000, "ms", "<10")
            report("api_durable_writes", asyncio.run(write_rate(api)), "1/s", ">300")
        with server(home) as api:
            fill(api)
            measure_list(home)
            report("api_rss_1000_pods", api.rss_megabytes(), "MB", "<100")


def report(name: str, value: float, unit: str, target: str) -> None:
    print(f"{name} {value:.4g} {unit} {target}", flush=True)


# -- the server's process ------------------------------------------------------


def serve(home: Path) -> None:
    """Answer until standard input ends."""
    from helpers.localcluster.api import seed
    from helpers.localcluster.api.app import build
    from helpers.localcluster.api.http.server import Server
    from helpers.localcluster.api.storage.store import Store
    from helpers.localcluster.node import certificates as pki

    async def run() -> None:
        store = Store.open(home / "state.db")
        seed.plant(store)
        credentials = pki.ensure(home)
        api = Server(build(store, token=credentials.token, node=None))
        print(await api.start(credentials.server_context()), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await api.stop()
        store.close()

    asyncio.run(run())


class Api:
    """A running server and how to speak to it."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        from helpers.localcluster.node import certificates as pki
        from helpers.localcluster.node import kubeconfig

        assert process.stdout
        self.process = process
        self.port = int(process.stdout.readline())
        self.credentials = pki.load(home)
        self.tls: ssl.SSLContext = self.credentials.client_context()
        self.headers = {"Authorization": f"Bearer {self.credentials.token}", "Content-Type": "application/json"}
        url = f"https://127.0.0.1:{self.port}"
        kubeconfig.write(home / "kubeconfig", url, self.credentials.authority, self.credentials.token)

    def request(self, method: str, path: str, body: Any = None) -> None:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body else None, self.headers)
            answer = connection.getresponse()
            assert answer.status < 300, answer.read()

    def rss_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
            return int(line.split()[1]) / 1024
        return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(self.process.pid)])) / 1024


@contextlib.contextmanager
def server(home: Path) -> Iterator[Api]:
    command = [sys.executable, __file__, "serve", str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Api(process, home)
        assert process.stdin
        process.stdin.close()


# -- what is measured ------------------------------------------------------------


def start_once(home: Path) -> float:
    """Seconds from the start of the process to its first answer."""
    begin = time.perf_counter()
    with server(home) as api:
        api.request("GET", "/api/v1/namespaces/default")
        return time.perf_counter() - begin


def measure_kubectl(home: Path) -> None:
    environment = {
        **os.environ,
        "KUBECONFIG": str(home / "kubeconfig"),
        "KUBECACHEDIR": str(home / "cache"),
    }

    def seconds(*arguments: str) -> float:
        begin = time.perf_counter()
        subprocess.run([KUBECTL, *arguments], env=environment, check=True, capture_output=True)
        return time.perf_counter() - begin

    seconds("get", "pods")  # fills the discovery cache, once for all
    pairs = [(seconds("get", "pods"), seconds("version", "--client")) for _ in range(CALLS)]
    get, version = (statistics.median(column) for column in zip(*pairs, strict=True))
    report("api_kubectl_get_pods", get, "s", "-")
    report("api_kubectl_ratio", get / version, "x", "<=1.3")


class Watcher(asyncio.Protocol):
    """A watching client that does next to nothing, so that the server is what is measured."""

    def __init__(self, request: bytes, latencies: list[float]) -> None:
        self.request = request
        self.latencies = latencies
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        arrived = time.perf_counter()
        place = data.find(SENT)
        while place > 0:
            self.latencies.append(arrived - float(data[place + len(SENT) : data.index(b'"', place + len(SENT))]))
            place = data.find(SENT, place + 1)
        if not self.ready.done() and b"initial-events-end" in data:
            self.ready.set_result(None)


async def watch_latencies(api: Api) -> list[float]:
    """Seconds from just before a write is sent to its arrival, for every watcher and write; sorted."""
    latencies: list[float] = []
    query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    request = head(api, "GET", f"/api/v1/namespaces/default/configmaps?{query}")
    loop = asyncio.get_running_loop()
    watchers = [
        (await loop.create_connection(lambda: Watcher(request, latencies), "127.0.0.1", api.port, ssl=api.tls))[1]
        for _ in range(WATCHERS)
    ]
    await asyncio.wait_for(asyncio.gather(*(watcher.ready for watcher in watchers)), 30)
    async with connected(api) as (reader, writer):
        begin = time.perf_counter()
        for number in range(int(WATCH_SECONDS * WRITES_PER_SECOND)):
            await asyncio.sleep(max(0, begin + number / WRITES_PER_SECOND - time.perf_counter()))
            data = {"sent": f"{time.perf_counter():.6f}"}
            body = {"metadata": {"name": f"watched-{time.time_ns()}"}, "data": data}
            await call(api, reader, writer, "POST", "/api/v1/namespaces/default/configmaps", body)
    await asyncio.sleep(0.5)
    for watcher in watchers:
        watcher.transport.abort()
    assert len(latencies) == WATCHERS * WATCH_SECONDS * WRITES_PER_SECOND, len(latencies)
    return sorted(latencies)


async def write_rate(api: Api) -> float:
    """Acknowledged writes a second, from several clients at once."""
    done = 0
    end = time.perf_counter() + WRITE_SECONDS

    async def client(number: int) -> None:
        nonlocal done
        async with connected(api) as (reader, writer):
            while time.perf_counter() < end:
                body = {"metadata": {"name": f"written-{number}-{done}"}, "data": {"a": "b"}}
                await call(api, reader, writer, "POST", "/api/v1/namespaces/default/configmaps", body)
                done += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return done / WRITE_SECONDS


@contextlib.asynccontextmanager
async def connected(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port, ssl=api.tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def head(api: Api, method: str, path: str, length: int = 0) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in api.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def call(
    api: Api, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: Any
) -> None:
    data = json.dumps(body).encode()
    writer.write(head(api, method, path, len(data)) + data)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201"), answer
    length = next(line for line in answer.split(b"\r\n") if line.startswith(b"Content-Length"))
    await reader.readexactly(int(length.split()[1]))


def pod(number: int) -> dict[str, Any]:
    """About what a pod of the shop weighs."""
    labels = {"app": f"web-{number % 20}", "pod-template-hash": "4mvv2ljkbw", "tier": "front"}
    probe = {"grpc": {"port": 8080}, "periodSeconds": 10}
    env = [{"name": f"SERVICE_{letter}_ADDR", "value": f"service-{letter}:50051"} for letter in "abcdefgh"]
    container = {
        "name": "server",
        "image": "us-central1-docker.pkg.dev/google-samples/microservices-demo/frontend:v0.10.6",
        "ports": [{"containerPort": 8080}],
        "env": env,
        "readinessProbe": probe,
        "livenessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
    }
    return {"metadata": {"name": f"pod-{number}", "labels": labels}, "spec": {"containers": [container]}}


def fill(api: Api) -> None:
    """A thousand pods that run."""
    started = "2026-01-31T08:00:00Z"
    for number in range(OBJECTS):
        body = pod(number)
        api.request("POST", "/api/v1/namespaces/default/pods", body)
        conditions = [
            {"type": kind, "status": "True", "lastTransitionTime": started}
            for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ]
        address = f"10.244.{number // 250}.{number % 250 + 2}"
        state = {"running": {"startedAt": started}}
        image = body["spec"]["containers"][0]["image"]
        container = {"name": "server", "image": image, "imageID": image, "ready": True, "restartCount": 0}
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
        status |= {"containerStatuses": [{**container, "state": state}], "startTime": started}
        body["status"] = status
        api.request("PUT", f"/api/v1/namespaces/default/pods/pod-{number}/status", body)


def measure_list(home: Path) -> None:
    from kubernetes import client, config

    with config.new_client_from_config(str(home / "kubeconfig")) as connection:
        core = client.CoreV1Api(connection)
        core.list_namespaced_pod("default", limit=1)
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            assert len(core.list_namespaced_pod("default").items) == OBJECTS
            times.append(time.perf_counter() - begin)
        report("api_list_1000_python", statistics.median(times), "s", "<0.6")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
    else:
        main()
