"""A thousand pods, five hundred policies, two hundred watchers: everybody is served, and everybody sees the same."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

from .conftest import Cluster

PODS, POLICIES, WATCHERS, WRITES = 1000, 500, 200, 30
WATCH = "/apis/networking.k8s.io/v1/networkpolicies?watch=true&labelSelector=new%3Dyes"


def policy(name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


def fill(cluster: Cluster) -> None:
    for number in range(PODS):
        metadata = {"name": f"pod-{number}", "namespace": "default", "labels": {"app": str(number % 50)}}
        spec = {"containers": [{"name": "main", "image": "x"}]}
        cluster.store.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    for number in range(POLICIES):
        cluster.store.create("networkpolicies.networking.k8s.io", policy(f"policy-{number}"))


async def watcher(cluster: Cluster, tls: ssl.SSLContext, ready: asyncio.Semaphore) -> list[str]:
    """The names of what is added, in order."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port, ssl=tls)
    lines = [f"GET {WATCH} HTTP/1.1", "Host: x", f"Authorization: Bearer {cluster.credentials.token}", "", ""]
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b"\r\n\r\n")
    ready.release()
    names = []
    while len(names) < WRITES:
        line = await reader.readline()
        if line.startswith(b"{"):
            names.append(json.loads(line)["object"]["metadata"]["name"])
    writer.transport.abort()  # a goodbye over TLS would wait for an answer, longer than the loop may run
    return names


def test_everybody_sees_the_same(cluster: Cluster) -> None:
    cluster.call(fill, cluster)

    async def watch_all() -> list[list[str]]:
        tls, ready = cluster.tls(), asyncio.Semaphore(0)
        tasks = [asyncio.create_task(watcher(cluster, tls, ready)) for _ in range(WATCHERS)]
        for _ in tasks:
            await ready.acquire()
        for number in range(WRITES):
            path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
            body = policy(f"new-{number}", new="yes")
            status, _ = await asyncio.to_thread(cluster.request, "POST", path, body)
            assert status == 201
        async with asyncio.timeout(60):
            return await asyncio.gather(*tasks)

    seen = asyncio.run(watch_all())
    assert all(names == [f"new-{number}" for number in range(WRITES)] for names in seen)
    assert len(cluster.request("GET", "/api/v1/pods")[1]["items"]) == PODS
    assert len(cluster.kubectl("get", "networkpolicies", "-o", "name").split()) == POLICIES + WRITES
