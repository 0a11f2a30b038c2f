"""How long pods take, and what they weigh: a node's parts in one process, the shop's twelve pods.

Prints `name value unit target`.
"""

import asyncio
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from figures import times

from helpers.localcluster.api.kinds import RESOURCES
from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.api.termination import remove_pod
from helpers.localcluster.controllers import Controllers
from helpers.localcluster.dataplane.gateway import Gateway
from helpers.localcluster.kubelet import Kubelet
from helpers.localcluster.kubelet.processes.forkserver import ForkServer
from helpers.localcluster.node.home import Home

ROUNDS = times(5)
SHOP = Path(__file__).resolve().parent.parent / "helpers/boutique/manifests/hipster-shop.yaml"
Object = dict[str, Any]

KEYS = {(resource.group_version, resource.kind): key for key, resource in RESOURCES.items()}


class Bench:
    """One node without its API."""

    def __init__(self, root: Path) -> None:
        home = Home(root)
        home.prepare()
        self.forks = ForkServer()
        self.store = Store.open(home.database)
        self.gateway = Gateway(self.store, home.pods)
        self.kubelet = Kubelet(self.store, self.gateway, home, self.forks)
        self.controllers = Controllers(self.store)

    async def start(self) -> float:
        """Start; the seconds until the fork server can fork."""
        began = time.perf_counter()
        self.forks.launch()
        await self.gateway.start()
        await self.kubelet.start()
        self.controllers.start()
        pause = {"containers": [{"name": "pause", "image": "registry.k8s.io/pause"}]}
        metadata = {"name": "first", "namespace": "kube-system"}
        self.store.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pause})
        await until(lambda: len(self.kubelet.pids()) == 2)
        return time.perf_counter() - began

    async def stop(self) -> None:
        self.controllers.stop()
        await self.kubelet.stop()
        await self.gateway.stop()
        self.store.close()

    def deploy(self) -> None:
        """What `kubectl apply` of the shop's manifest leaves in the store."""
        with open(SHOP) as file:
            objects = [item for item in yaml.safe_load_all(file) if item]
        for number, item in enumerate(objects):
            key = KEYS[item["apiVersion"], item["kind"]]
            item["metadata"].setdefault("namespace", "default")
            made = RESOURCES[key].default(item)
            if item["kind"] == "Service":
                made["spec"]["clusterIP"] = f"10.96.1.{number}"
            self.store.create(key, made)

    def ready(self, count: int = 12) -> bool:
        pods = self.store.list("pods", "default")
        return len(pods) == count and all(map(_ready, pods))

    def pod(self, app: str) -> Object:
        return next(pod for pod in self.store.list("pods", "default") if pod["metadata"]["labels"]["app"] == app)


def _ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def once() -> dict[str, float]:
    """One start of everything; seconds and megabytes by name."""
    root = Path(tempfile.mkdtemp(prefix="lab-"))
    bench = Bench(root)
    figures = {"fork_server_seconds": await bench.start()}
    began = time.perf_counter()
    bench.deploy()
    await until(bench.ready)
    figures["shop_pods_ready_seconds"] = time.perf_counter() - began
    await asyncio.sleep(1)
    if os.path.exists("/proc/self/smaps_rollup"):
        pids = bench.kubelet.pids()
        figures["shop_memory_MB"] = sum(map(_pss, pids.values())) + _pss(os.getpid())
        figures["largest_pod_MB"] = max(_pss(pid) for name, pid in pids.items() if name != "zygote")
    figures["restart_after_kill_seconds"] = await _kill(bench)
    figures["replace_pod_seconds"] = await _replace(bench)
    began = time.perf_counter()
    await bench.stop()
    figures["stop_seconds"] = time.perf_counter() - began
    shutil.rmtree(root)
    return figures


async def _kill(bench: Bench) -> float:
    """From kill -9 of a pod's process to Ready again."""
    name = bench.pod("shippingservice")["metadata"]["name"]
    began = time.perf_counter()
    os.kill(bench.kubelet.pids()[name], signal.SIGKILL)
    await until(lambda: bench.pod("shippingservice")["status"]["containerStatuses"][0]["restartCount"] == 1)
    await until(bench.ready)
    return time.perf_counter() - began


async def _replace(bench: Bench) -> float:
    """From a pod's deletion to its successor being Ready and itself gone."""
    old = bench.pod("shippingservice")
    began = time.perf_counter()
    remove_pod(bench.store, old)
    await until(lambda: bench.store.get("pods", "default", old["metadata"]["name"]) is None)
    await until(bench.ready)
    return time.perf_counter() - began


def _pss(pid: int) -> float:
    """A process's share of memory in MB: what it uses alone, and its part of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


TARGETS = {"shop_pods_ready_seconds": "0.5", "shop_memory_MB": "250"}


def main() -> int:
    rounds = [asyncio.run(once()) for _ in range(ROUNDS)]
    for name in rounds[0]:
        quantity, _, unit = name.replace("_seconds", "_s").rpartition("_")
        value = statistics.median(figures[name] for figures in rounds)
        print(f"kubelet_{quantity} {value:.3f} {unit} {'<' + TARGETS[name] if name in TARGETS else '-'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
