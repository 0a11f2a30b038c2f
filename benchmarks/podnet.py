"""What the pod network costs a datagram: UDP's request and answer between two processes, through the gateway.

Run as `python benchmarks/podnet.py`; prints `name value unit target` lines. The server is a pod's, with a policy on it.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane.gateway import Gateway

ROUNDS, FLOWS = 3000, 300
SERVER = """
import asyncio
from helpers.podnet import streams
async def main():
    await streams.listen_datagrams(99, lambda data, sender: data)
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
CLIENT = """
import sys, time
from helpers.podnet.datagrams import Flow
address, rounds, flows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def ask(flow):
    begun = time.perf_counter()
    flow.send(b"x" * 64)
    assert flow.receive(5) == b"x" * 64
    return time.perf_counter() - begun
with Flow(address, 99) as standing:
    print(*(ask(standing) for _ in range(rounds)))
took = []
for _ in range(flows):
    begun = time.perf_counter()
    with Flow(address, 99) as flow:
        ask(flow)
    took.append(time.perf_counter() - begun)
print(*took)
"""
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "server", "namespace": "default"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "server"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"protocol": "UDP", "port": 99}]}
        ],
    },
}


def report(name: str, value: float, unit: str, target: str) -> None:
    """One line of the table."""
    print(f"{name.replace(' ', '-')} {value:.3g} {unit} {target}", flush=True)


async def measure(directory: Path) -> tuple[list[float], list[float]]:
    """Seconds of each request and answer: on a standing flow, and each on a flow of its own."""
    store = Store()
    gateway = Gateway(store, directory)
    await gateway.start()
    store.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    store.create("networkpolicies.networking.k8s.io", POLICY)
    client, server = pod(store, gateway, "client"), pod(store, gateway, "server")
    serving = await process(gateway, server, SERVER)
    assert serving.stdout and await serving.stdout.readline() == b"ready\n"
    asking = await process(gateway, client, CLIENT, server["status"]["podIP"], str(ROUNDS), str(FLOWS))
    said, _ = await asking.communicate()
    serving.terminate()
    await serving.wait()
    await gateway.stop()
    standing, fresh = said.decode().splitlines()
    return [*map(float, standing.split())], [*map(float, fresh.split())]


def pod(store: Store, gateway: Gateway, name: str) -> dict[str, Any]:
    """A pod on the network, with the label app=NAME."""
    made = store.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
            "spec": {"nodeName": "lab-node", "containers": [{"name": "main"}]},
        },
    )
    address = gateway.attach(made).address
    found = store.update_status(
        "pods", "default", name, {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    )
    assert found
    return found


async def process(gateway: Gateway, owner: dict[str, Any], code: str, *words: str) -> asyncio.subprocess.Process:
    """A process in the pod."""
    environment = {**os.environ, **gateway.attach(owner).environment}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *words, env=environment, stdout=subprocess.PIPE
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="lab-") as root:
        begun = time.perf_counter()
        standing, fresh = asyncio.run(measure(Path(root)))
        seconds = time.perf_counter() - begun
    report("UDP request and answer, median", statistics.median(standing) * 1000, "ms", "<= 1")
    report("UDP request and answer, 99 of 100", statistics.quantiles(standing, n=100)[98] * 1000, "ms", "-")
    report("UDP request and answer on a new flow, median", statistics.median(fresh) * 1000, "ms", "-")
    report("UDP requests altogether", (len(standing) + len(fresh)) / seconds, "1/s", "-")


if __name__ == "__main__":
    main()
