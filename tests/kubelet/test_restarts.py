"""What happens when processes die: the container's, the fork server, the node."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.pods import AGNHOST, Bench, until, with_bench

from helpers.localcluster.api.storage.store import now


@with_bench
async def test_a_killed_process_is_started_again(b: Bench) -> None:
    b.create("web", "netexec", readinessProbe={"tcpSocket": {"port": 8080}})
    await until(lambda: b.ready("web"))
    first = b.pid("web")
    os.kill(first, signal.SIGKILL)
    await until(lambda: b.container("web")["restartCount"] == 1 and b.ready("web"))
    assert b.pid("web") != first
    last = b.container("web")["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (137, "Error")


@with_bench
async def test_a_container_that_crashes_backs_off(b: Bench) -> None:
    b.create("crash", command=["sh", "-c", "echo run; exit 7"])
    await until(lambda: b.state("crash") == "CrashLoopBackOff")
    container = b.container("crash")
    assert container["restartCount"] == 1  # the first restart comes at once
    assert container["lastState"]["terminated"]["exitCode"] == 7
    assert "back-off 1s restarting failed container=main pod=crash_default(" in container["state"]["waiting"]["message"]
    assert any(reason == "BackOff" for reason, _ in b.events("crash"))
    assert b.pod("crash")["status"]["phase"] == "Running" and not b.ready("crash")
    assert await b.logs("crash") == "run\n"
    assert await b.logs("crash", previous=True) == "run\n"
    await until(lambda: b.container("crash")["restartCount"] == 2)


@with_bench
async def test_on_failure_restarts_failures_only(b: Bench) -> None:
    b.create("job", command=["sh", "-c", "test -e mark && exit 0; touch mark; exit 1"], restartPolicy="OnFailure")
    await until(lambda: b.phase("job") == "Succeeded")
    assert b.container("job")["restartCount"] == 1


@with_bench
async def test_a_new_image_replaces_the_process(b: Bench) -> None:
    b.create("web", image="caddy")
    await until(lambda: b.state("web") == "ErrImagePull")
    pod = b.pod("web")
    b.store.update("pods", {**pod, "spec": {**pod["spec"], "containers": [{"name": "main", "image": AGNHOST}]}})
    await until(lambda: b.ready("web"))
    pod = b.pod("web")
    other = [{"name": "main", "image": "registry.k8s.io/pause:3.10"}]
    b.store.update("pods", {**pod, "spec": {**pod["spec"], "containers": other}})
    await until(lambda: b.container("web")["restartCount"] == 1 and b.ready("web"))
    assert b.container("web")["imageID"].endswith("/pause")


@with_bench
async def test_a_killed_fork_server_is_replaced_and_its_pods_run_again(b: Bench) -> None:
    for name in ("one", "two"):
        b.create(name, "netexec", readinessProbe={"tcpSocket": {"port": 8080}})
    await until(lambda: b.ready("one") and b.ready("two"))
    for round in (1, 2, 3):
        before = {b.pid("one"), b.pid("two")}
        assert b.forks.pid
        os.kill(b.forks.pid, signal.SIGKILL)
        await until(lambda: all(b.container(n)["restartCount"] == round and b.ready(n) for n in ("one", "two")))  # noqa: B023
        assert not any(map(_runs, before))


@with_bench
async def test_a_killed_watcher_is_replaced(b: Bench) -> None:
    b.create("web", "netexec")
    await until(lambda: b.ready("web"))
    (watcher,) = _children(b.forks.pid, "lab-watcher")
    os.kill(watcher, signal.SIGKILL)
    await until(lambda: [pid for pid in _children(b.forks.pid, "lab-watcher") if pid != watcher])
    assert b.ready("web")


@with_bench
async def test_pods_of_an_earlier_node_are_started_again(b: Bench) -> None:
    """What a node finds after a crash: running states of processes that are gone."""
    await b.kubelet.stop()
    b.create("web", "netexec")
    pod = b.create("once", restartPolicy="Never")
    for name in ("web", "once"):
        state = {"name": "main", "restartCount": 2, "ready": True, "state": {"running": {"startedAt": now()}}}
        held = b.pod(name)
        bound = {**held, "spec": {**held["spec"], "nodeName": "lab-node"}}
        b.store.update("pods", {**bound, "status": {"phase": "Running", "containerStatuses": [state]}})
    leaving = b.create("leaving")
    b.store.update("pods", {**leaving, "metadata": {**leaving["metadata"], "deletionTimestamp": now()}})
    fresh = Bench(b.home.root)
    fresh.store = fresh.kubelet.store = b.store
    await fresh.wires.start()
    await fresh.kubelet.start()
    try:
        await until(lambda: fresh.ready("web"))
        assert fresh.container("web")["restartCount"] == 3
        assert fresh.container("web")["lastState"]["terminated"]["exitCode"] == 137
        await until(lambda: fresh.pod("once")["status"]["phase"] == "Failed")
        assert fresh.gone("leaving")
        assert pod["metadata"]["uid"] in fresh.wires.detached
    finally:
        await fresh.kubelet.stop()
        await fresh.wires.stop()


NODE = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from support.pods import Bench, until
async def main():
    b = Bench(Path(sys.argv[1]))
    await b.wires.start()
    await b.kubelet.start()
    b.create("web", "netexec")
    b.create("shell", command=["sh", "-c", "trap '' TERM HUP; sleep 1000 & sleep 1000"])
    b.create("stubborn", command=["sh", "-c", "trap '' TERM HUP; setsid sleep 1000 & wait"])
    await until(lambda: b.ready("web") and b.ready("shell") and b.ready("stubborn"))
    await asyncio.sleep(0.2)
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_nothing_outlives_a_killed_node() -> None:
    """Not the fork server, not its watcher, not a container, not a container's own children."""
    root = Path(tempfile.mkdtemp(prefix="lab-"))
    mark = f"LAB_TEST_MARK={root}"
    try:
        node = subprocess.Popen(
            [sys.executable, "-c", NODE, str(root), str(Path(__file__).parents[1])],
            stdout=subprocess.PIPE, env={**os.environ, "LAB_CLUSTER": str(root)}, text=True,
        )  # fmt: skip
        with node:
            assert node.stdout and node.stdout.readline() == "ready\n", mark
            family = _descendants(node.pid)
            assert len(family) >= 6
            node.kill()
            node.wait()
        deadline = time.monotonic() + 5
        while left := [pid for pid in family if _runs(pid)]:
            assert time.monotonic() < deadline, [(pid, _name(pid)) for pid in left]
            time.sleep(0.01)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@with_bench
async def test_random_kills_end_in_a_running_pod(b: Bench) -> None:
    """Processes die at any moment, also while they are being started."""
    b.create("web", "netexec", readinessProbe={"tcpSocket": {"port": 8080}})
    for round in range(10):
        await until(lambda: "web" in b.kubelet.pids(), 20)
        await asyncio.sleep(0.003 * round)
        victim = b.forks.pid if round % 2 else b.kubelet.pids().get("web")
        if victim:
            os.kill(victim, signal.SIGKILL)
        container = b.kubelet._workers[b.pod("web")["metadata"]["uid"]].containers["main"]
        container._crashes = 0  # the back-off is another test's subject
        await asyncio.sleep(0.01)
    for _ in range(500):
        if await _answer(b, "web") == b"web":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the pod does not answer")


async def _answer(b: Bench, name: str) -> bytes:
    """The body that the pod sends to `GET /hostname`; empty if it doesn't answer."""
    try:
        reader, writer = await b.wires.dial(b.pod(name)["metadata"]["uid"], 8080)
    except ConnectionError:
        return b""
    try:
        writer.write(b"GET /hostname HTTP/1.0\r\n\r\n")
        return (await reader.read()).rpartition(b"\r\n")[2]
    except ConnectionError:
        return b""
    finally:
        writer.close()


def _children(parent: int | None, name: str = "") -> list[int]:
    listing = Path(f"/proc/{parent}/task/{parent}/children")
    if not listing.exists():
        return []
    return [int(pid) for pid in listing.read_text().split() if not name or _name(int(pid)) == name]


def _descendants(parent: int) -> list[int]:
    found = _children(parent)
    return found + [pid for child in found for pid in _descendants(child)]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@with_bench
async def test_a_full_disk_delays_a_pod_and_no_other(b: Bench) -> None:
    attach = b.wires.attach

    def full(pod: dict[str, object]) -> object:
        if pod["metadata"]["name"] == "unlucky":  # type: ignore[index]
            raise OSError(28, "No space left on device")
        return attach(pod)

    b.wires.attach = full  # type: ignore[method-assign, assignment]
    b.create("unlucky")
    b.create("lucky")
    await until(lambda: b.ready("lucky"))
    assert ("FailedCreatePodSandBox", "Failed to create pod sandbox: No space left on device") in b.events("unlucky")
    b.wires.attach = attach  # type: ignore[method-assign]
    await until(lambda: b.ready("unlucky"))


@with_bench
async def test_no_descriptors_left_is_tried_again(b: Bench) -> None:
    b.create("web")
    await until(lambda: b.ready("web"))
    start, failures = b.forks.start, [OSError(24, "Too many open files")]

    def scarce(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        return start(*arguments)  # type: ignore[arg-type]

    b.forks.start = scarce  # type: ignore[method-assign, assignment]
    b.create("late")
    await until(lambda: b.ready("late"))
    assert b.container("late")["lastState"]["terminated"]["exitCode"] == 128
    assert ("Failed", "Error: Too many open files") in b.events("late")
