"""The local cluster's figures: start, memory, how soon a policy counts, what the gateway costs.

Run as `python benchmarks/cluster.py`; prints `name value unit target` lines. Every
cluster has a LAB_HOME of its own and is stopped afterwards.
"""

import contextlib
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import yaml
from figures import times

from helpers.boutique.images import PORTS, argv
from helpers.localcluster.node import launch
from helpers.localcluster.node.client import Client
from helpers.localcluster.node.deploy import manifest
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.processes import of_cluster
from helpers.localcluster.node.status import Status

STARTS = times(9)
PAGES = times(200, 3)
CHANGES = times(15, 2)
KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
DENY_OUTSIDE = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: bench-deny-outside}
spec: {podSelector: {matchLabels: {app: frontend}}, ingress: [{from: [{podSelector: {}}]}]}
"""
ALLOW_CHECKOUT = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shipping-allow-checkout}
spec:
  podSelector: {matchLabels: {app: shippingservice}}
  ingress: [{from: [{podSelector: {matchLabels: {app: checkoutservice}}}], ports: [{port: 50051}]}]
"""
ALLOW_FRONTEND = ALLOW_CHECKOUT.replace("checkout", "frontend").replace("frontendservice", "frontend")


def main() -> None:
    """Measure everything and print it."""
    with directory() as root:
        fresh, again = starts(root)
    report("up with the shop, fresh", statistics.median(fresh), "s", "< 1.2")
    report("up with the shop, again after down", statistics.median(again), "s", "< 1.2")
    with directory() as root:
        up(root)
        status = launch.status(Home(root))
        report("PSS of all processes", pss(root), "MB", "< 250")
        with direct_shop() as direct:
            through, plain = pages(status, direct)
        report("policy applied to first denied attempt", enforced(root, status), "ms", "<= 5")
        denied, allowed = policies(root, status)
        report("policy sent to first denied attempt", denied, "ms", "< 50")
        report("policy deleted to connection let through", allowed, "ms", "< 50")
        broken, mended = walk(root, status)
        report("failing cart page", broken, "s", "3 to 4")
        report("cart page works after the fix", mended, "s", "< 0.5")
        run(root, "down")
    report("cart page through the gateway", through, "ms", "-")
    report("cart page direct over TCP", plain, "ms", "-")
    report("cart page, gateway to direct", through / plain, "ratio", "<= 1.15")


def report(name: str, value: float, unit: str, target: str) -> None:
    """One line of the table."""
    print(f"{name.replace(' ', '-').replace(',', '')} {value:.3g} {unit} {target}", flush=True)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """A LAB_HOME; its cluster is stopped at the end."""
    root = Path(tempfile.mkdtemp(prefix="lab-bench-"))
    try:
        yield root
    finally:
        run(root, "down")
        shutil.rmtree(root, ignore_errors=True)


def run(root: Path, *arguments: str) -> None:
    """`python -m helpers …` for this LAB_HOME."""
    subprocess.run(
        [sys.executable, "-m", "helpers", *arguments],
        env={**os.environ, "LAB_HOME": str(root)},
        check=arguments[0] != "down",
        stdout=subprocess.DEVNULL,
    )


def up(root: Path) -> float:
    """Seconds until all pods of the shop are Ready, seen by whoever typed the command."""
    begun = time.perf_counter()
    run(root, "up")
    return time.perf_counter() - begun


def starts(root: Path) -> tuple[list[float], list[float]]:
    """Start times of clusters that never were, and of ones that come back."""
    up(root)
    fresh, again = [], []
    for _ in range(STARTS):
        run(root, "down")
        again.append(up(root))
        run(root, "down", "--purge")
        fresh.append(up(root))
    return fresh, again


def pss(root: Path) -> float:
    """Proportional memory of everything that belongs to the cluster, in MB (10^6 bytes)."""
    total = 0
    for pid in of_cluster(Home(root).run):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def fetch(url: str, path: str = "", timeout: float = 10.0, cookie: str = "shop_session-id=bench") -> int:
    """The status of one page, on a connection of its own. Raises TimeoutError."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path + path, headers={"Cookie": cookie})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def pages(status: Status, direct: str) -> tuple[float, float]:
    """Median time of the cart page in ms, through the cluster and direct, all connections between services standing.

    The two take turns, so that whatever else the machine does costs both the same.
    """
    urls = (status.shop_url or "", direct)
    for url in urls:
        for _ in range(10):
            assert fetch(url, "cart") == 200
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(PAGES):
        for url, found in zip(urls, times, strict=True):
            found.append(1000 * timed(lambda url=url: fetch(url, "cart")))
    return statistics.median(times[0]), statistics.median(times[1])


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def kubectl(root: Path, *arguments: str, text: str | None = None) -> None:
    """kubectl against this cluster."""
    assert KUBECTL
    environment = {**os.environ, "KUBECONFIG": str(root / "kubeconfig"), "KUBECACHEDIR": str(root / "kubecache")}
    subprocess.run([KUBECTL, *arguments], env=environment, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def enforced(root: Path, status: Status) -> float:
    """Median ms from `kubectl apply`'s return to the first connection that is denied, with a new one every 4 ms.

    So it was measured on a real cluster with Calico: 8 to 11 ms.
    """
    assert status.shop_url
    found = []
    for _ in range(CHANGES):
        with Attempts(status.shop_url, every=0.004) as attempts:
            kubectl(root, "apply", "-f", "-", text=DENY_OUTSIDE)
            found.append(attempts.first_denied_since(time.perf_counter()))
        kubectl(root, "delete", "networkpolicy", "bench-deny-outside")
    return 1000 * statistics.median(found)


def policies(root: Path, status: Status) -> tuple[float, float]:
    """Median ms from a policy's being sent to the API to the first connection that it denies, and from its deletion's
    return to the first connection that passes.

    The outside client is the one to be denied; it connects anew every millisecond, before and after.
    """
    assert status.shop_url and status.server
    denied, allowed = [], []
    policy = yaml.safe_load(DENY_OUTSIDE)
    with Client.of(Home(root), urlsplit(status.server).port or 0) as api:
        for _ in range(CHANGES):
            with Attempts(status.shop_url) as attempts:
                sent = time.perf_counter()
                api.post(POLICIES, policy)
                denied.append(attempts.first_denied_since(sent))
            kubectl(root, "delete", "networkpolicy", policy["metadata"]["name"])
            deleted = time.perf_counter()
            fetch(status.shop_url, "_healthz")
            allowed.append(time.perf_counter() - deleted)
    return 1000 * statistics.median(denied), 1000 * statistics.median(allowed)


class Attempts:
    """A new connection every so many seconds, each in a thread of its own, since those that are denied wait."""

    def __init__(self, url: str, every: float = 0.001) -> None:
        self._url, self._every, self._going = url, every, True
        self._denied: list[float] = []
        self._threads: list[threading.Thread] = []
        self._clock = threading.Thread(target=self._run)

    def __enter__(self) -> "Attempts":
        self._clock.start()
        time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._clock.join()
        for thread in self._threads:
            thread.join()

    def first_denied_since(self, moment: float) -> float:
        """Seconds from a moment to the beginning of the first attempt after it that found no answer."""
        time.sleep(0.05)
        self.__exit__()
        return min(begun for begun in self._denied if begun >= moment) - moment

    def _run(self) -> None:
        while self._going:
            self._threads.append(threading.Thread(target=self._once))
            self._threads[-1].start()
            time.sleep(self._every)

    def _once(self) -> None:
        begun = time.perf_counter()
        try:
            fetch(self._url, "_healthz", timeout=0.5)
        except TimeoutError:
            self._denied.append(begun)


def walk(root: Path, status: Status) -> tuple[float, float]:
    """The seed's walk: seconds of the cart page that fails, and from the fix to a page that works."""
    assert status.shop_url
    kubectl(root, "apply", "-f", "-", text=ALLOW_CHECKOUT)
    kubectl(root, "rollout", "restart", "deployment/frontend")
    kubectl(root, "rollout", "status", "deployment/frontend")
    broken = timed(lambda: fetch(status.shop_url or "", "cart"))
    assert fetch(status.shop_url, "cart") == 500
    kubectl(root, "apply", "-f", "-", text=ALLOW_FRONTEND)
    begun = time.perf_counter()
    while fetch(status.shop_url, "cart") != 200:
        pass
    return broken, time.perf_counter() - begun


@contextlib.contextmanager
def direct_shop() -> Iterator[str]:
    """The URL of the same shop without a cluster: plain processes that dial each other over TCP."""
    ports = {service: free_port() for service in PORTS}
    addresses: dict[str, str] = {}
    for item in manifest():
        if item["kind"] == "Deployment":
            for variable in item["spec"]["template"]["spec"]["containers"][0].get("env", []):
                host, _, _ = variable.get("value", "").partition(":")
                if variable["name"].endswith("_ADDR") and host in ports:
                    addresses[variable["name"]] = f"127.0.0.1:{ports[host]}"
    with tempfile.TemporaryFile() as log:
        processes = [start(service, port, addresses, log) for service, port in ports.items()]
        try:
            url = f"http://127.0.0.1:{ports['frontend']}/"
            wait_for(url)
            yield url
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def wait_for(url: str) -> None:
    """Return when the cart page works."""
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            if fetch(url, "cart") == 200:
                return
        assert time.monotonic() < deadline, "the direct shop did not start"
        time.sleep(0.1)


def start(service: str, port: int, addresses: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **addresses, "PORT": str(port), "LISTEN_ADDR": "127.0.0.1"}
    command = [sys.executable, "-m", "helpers.boutique", service]
    if service == "redis-cart":
        command = argv(service, environment)
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
