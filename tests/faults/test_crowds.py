"""Many of everything at once: 1,000 pods, 500 policies, 200 watchers; 10,000 objects, 5,000 watches."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster, cluster
from support.recovery import assert_nothing_left, is_ready, pids, recovered, until
from support.wire import Wire
from support.writer import POLICIES, Api, Session, bystander

PODS = "/api/v1/namespaces/default/pods"
REAL, ALL, MANY_POLICIES, WATCHERS = 60, 1000, 500, 200
OBJECTS, WATCHES = 10_000, 5000


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    """A cluster with all of them; each test leaves it as it was."""
    with cluster("--empty", prefix="lab-crowds-") as own:
        api = Api(own.home / "kubeconfig")
        post(api, PODS, [pod(number) for number in range(ALL)])
        post(api, POLICIES, [deny(number) for number in range(MANY_POLICIES)])
        until(lambda: sum(map(is_ready, api.items(PODS))) == REAL, 60)
        yield own
        begun = time.monotonic()
        own.down()
        assert time.monotonic() - begun < 15
        assert_nothing_left(own)


def post(api: Api, path: str, objects: list[dict[str, Any]]) -> None:
    """Create objects over several connections at once."""

    def share(part: list[dict[str, Any]]) -> None:
        with Session(api) as session:
            for item in part:
                code, answer = session.request("POST", path, item)
                assert code == 201, answer

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(share, (objects[start::8] for start in range(8))))


def pod(number: int, real: int = REAL) -> dict[str, Any]:
    """The first ones run, and each listens; no node has what the others ask for."""
    container = {"name": "web", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec"]}
    elsewhere = {} if number < real else {"nodeSelector": {"disk": "tape"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "labels": {"number": str(number)}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **elsewhere},
    }


def deny(number: int) -> dict[str, Any]:
    """A policy that nobody may reach one pod."""
    policy = bystander(f"deny-{number}", number)
    policy["spec"]["podSelector"] = {"matchLabels": {"number": str(number)}}
    return policy


def test_the_crowd_is_there_and_the_cluster_answers(lab: Cluster) -> None:
    pods = Api(lab.home / "kubeconfig").items(PODS)
    assert len(pods) == ALL and sum(map(is_ready, pods)) == REAL
    waiting = next(item for item in pods if not is_ready(item))
    assert "didn't match" in waiting["status"]["conditions"][0]["message"]
    begun = time.monotonic()
    assert len(lab.kubectl("get", "pods,networkpolicies", "-o", "name").splitlines()) == ALL + MANY_POLICIES
    assert time.monotonic() - begun < 5
    assert lab.kubectl("logs", f"pod-{REAL - 1}").startswith("Started HTTP server")


def test_verdicts_hold_among_many_policies(lab: Cluster) -> None:
    """Each pod is closed by one policy of 500; without it, it is open at once."""
    api = Api(lab.home / "kubeconfig")
    for number in (0, REAL - 1):
        address = api.request("GET", f"{PODS}/pod-{number}")["status"]["podIP"]
        command = ("exec", "pod-5", "--", "/agnhost", "connect", f"{address}:8080")
        assert lab.try_kubectl(*command, "--timeout=300ms").stderr.startswith("TIMEOUT")
        api.request("DELETE", f"{POLICIES}/deny-{number}")
        done = lab.try_kubectl(*command, "--timeout=5s")
        assert done.returncode == 0, done.stderr
        api.request("POST", POLICIES, deny(number))


def test_two_hundred_watchers_see_the_same(lab: Cluster) -> None:
    """Half of them vanish on the way; nobody else notices, and nothing is kept for them."""
    asyncio.run(_watch_together(Api(lab.home / "kubeconfig"), f"/proc/{pids(lab)['node']}/fd"))
    recovered_descriptors(lab)


async def _watch_together(api: Api, descriptors: str) -> None:
    version = (await asyncio.to_thread(api.request, "GET", f"{POLICIES}?limit=1"))["metadata"]["resourceVersion"]
    wires = [await Wire.dial(api) for _ in range(WATCHERS)]
    for wire in wires:
        wire.send("GET", f"{POLICIES}?watch=true&resourceVersion={version}")
    assert {await wire.head() for wire in wires} == {200}
    staying, going = wires[::2], wires[1::2]
    expected = []
    for number in range(20):
        expected.append(f"seen-{number}")
        await asyncio.to_thread(api.request, "POST", POLICIES, bystander(expected[-1], number))
        for wire in going[number * 5 : number * 5 + 5]:
            wire.vanish()
    async with asyncio.timeout(20):
        for wire in staying:
            lines = [json.loads(await wire.line()) for _ in expected]
            assert [line["object"]["metadata"]["name"] for line in lines] == expected
            wire.vanish()
    for name in expected:
        await asyncio.to_thread(api.request, "DELETE", f"{POLICIES}/{name}")


def recovered_descriptors(own: Cluster) -> None:
    """The node has no connection open any more but a few of its own."""
    node = Path(f"/proc/{pids(own)['node']}/fd")
    # A pod has a pipe or two here, and the database its files.
    until(lambda: len(list(node.iterdir())) < 2 * REAL + 50, 10, lambda: f"{len(list(node.iterdir()))} files are open")


def test_all_pods_go_and_come_back(lab: Cluster) -> None:
    api = Api(lab.home / "kubeconfig")
    api.request("DELETE", PODS, timeout=30)
    until(lambda: not api.items(PODS), 40, lambda: f"{len(api.items(PODS))} pods are still there")
    recovered(lab)
    post(api, PODS, [pod(number) for number in range(REAL)])
    until(lambda: sum(map(is_ready, api.items(PODS))) == REAL, 60)
    recovered(lab)


@pytest.mark.long
def test_a_thousand_pods_run() -> None:
    """Each a process, as many as there is memory for: 4 MB for one."""
    available = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    count = min(ALL, int(available.group(1)) // 1024 // 8 if available else 200)
    with cluster("--empty", prefix="lab-thousand-") as own:
        api = Api(own.home / "kubeconfig")
        begun = time.monotonic()
        post(api, PODS, [pod(number, real=count) for number in range(count)])
        until(lambda: sum(map(is_ready, api.items(PODS))) == count, 120)
        ready = time.monotonic() - begun
        recovered(own)
        os.kill(pids(own)["node"], signal.SIGKILL)
        begun = time.monotonic()
        own.up("--empty")
        until(lambda: sum(map(is_ready, api.items(PODS))) == count, 120)
        again = time.monotonic() - begun
        print(f"{count} pods Ready after {ready:.1f} s, and again {again:.1f} s after the node was killed")
        recovered(own)
        own.down()
        assert_nothing_left(own)


@pytest.mark.long
def test_ten_thousand_objects() -> None:
    """Written, listed, watched, kept over a kill, and removed."""
    with cluster("--empty", prefix="lab-objects-") as own:
        api = Api(own.home / "kubeconfig")
        maps = "/api/v1/namespaces/default/configmaps"
        begun = time.monotonic()
        post(api, maps, [config_map(number) for number in range(OBJECTS)])
        written = time.monotonic() - begun
        os.kill(pids(own)["node"], signal.SIGKILL)
        begun = time.monotonic()
        own.up("--empty")
        again = time.monotonic() - begun
        api = Api(own.home / "kubeconfig")
        begun = time.monotonic()
        kept = {item["metadata"]["name"]: item["data"] for item in api.items(maps)}
        listed = time.monotonic() - begun
        assert all(kept[f"map-{number}"] == config_map(number)["data"] for number in range(OBJECTS))
        assert len(own.kubectl("get", "configmaps", "-o", "name").splitlines()) >= OBJECTS
        memory = resident(own)
        assert memory < 300 and again < 30 and listed < 10
        api.request("DELETE", maps, timeout=60)
        until(lambda: len(api.items(maps)) < 5, 30)
        recovered(own)
        print(
            f"{OBJECTS} objects written in {written:.1f} s, started again with them in {again:.1f} s, "
            f"listed in {listed:.2f} s; the node took {memory:.0f} MB"
        )


def config_map(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"map-{number}"},
        "data": {"number": str(number), "text": "x" * 500},
    }


def resident(own: Cluster) -> float:
    """The node's memory in MB."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pids(own)['node']}/status").read_text(), re.MULTILINE)
    assert found
    return int(found.group(1)) / 1024


@pytest.mark.long
def test_five_thousand_watches() -> None:
    """The latest several hundred stand and see everything, the others are told to begin anew; kubectl is served."""
    with cluster("--empty", prefix="lab-watches-") as own:
        api = Api(own.home / "kubeconfig")
        standing = asyncio.run(_watch_by_the_thousand(own, api))
        memory = resident(own)
        print(f"of {WATCHES} watches {standing} stood; the node took {memory:.0f} MB")
        assert 500 <= standing <= 900 and memory < 250
        recovered(own)
        log = (own.home / "node.log").read_text()
        assert "Traceback" not in log


async def _watch_by_the_thousand(own: Cluster, api: Api) -> int:
    """Open them all, then write; how many saw it."""
    wires: list[Wire] = []
    for _ in range(WATCHES // 50):
        made = await asyncio.gather(*(Wire.dial(api) for _ in range(50)), return_exceptions=True)
        for wire in made:
            if isinstance(wire, Wire):
                wire.send("GET", f"{POLICIES}?watch=true")
                wires.append(wire)
    # kubectl gets its turn meanwhile.
    done = await asyncio.to_thread(own.try_kubectl, "get", "namespaces")
    assert done.returncode == 0, done.stderr
    await asyncio.to_thread(api.request, "POST", POLICIES, bystander("seen", 1))

    async def saw(wire: Wire) -> bool:
        try:
            async with asyncio.timeout(20):
                return b'"seen"' in await wire.line()
        except (OSError, EOFError, asyncio.IncompleteReadError, TimeoutError):
            return False

    seen = sum(await asyncio.gather(*map(saw, wires)))
    for wire in wires:
        wire.vanish()
    return seen
