"""A pod's life: bound, started, Ready, ended."""

import asyncio
import os
import signal

from support.pods import AGNHOST, Bench, until, with_bench

WEB = {"httpGet": {"path": "/healthz", "port": "http"}}
PORTS = [{"name": "http", "containerPort": 8080}]


@with_bench
async def test_a_pod_becomes_ready(b: Bench) -> None:
    b.create("web", "netexec", readinessProbe=WEB, ports=PORTS)
    await until(lambda: b.ready("web"))
    status = b.pod("web")["status"]
    assert b.pod("web")["spec"]["nodeName"] == "lab-node"
    assert status["phase"] == "Running"
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    assert status["hostIP"] == "172.20.0.2"
    assert status["qosClass"] == "BestEffort"
    container = b.container("web")
    assert container["ready"] and container["started"] and container["restartCount"] == 0
    assert "startedAt" in container["state"]["running"]
    assert [reason for reason, _ in b.events("web")] == ["Scheduled", "Pulled", "Created", "Started"]


@with_bench
async def test_few_writes_bring_a_pod_up(b: Bench) -> None:
    seen = []
    b.store.subscribe(lambda event: seen.append(event) if event.resource == "pods" else None)
    b.create("web", "netexec", readinessProbe=WEB, ports=PORTS)
    await until(lambda: b.ready("web"))
    assert len(seen) <= 4  # created, bound, running, Ready


@with_bench
async def test_a_deleted_pod_leaves_nothing(b: Bench) -> None:
    b.create("web", "netexec")
    await until(lambda: b.ready("web"))
    pid, uid = b.pid("web"), b.pod("web")["metadata"]["uid"]
    logs, scratch = b.kubelet.logs_of(b.pod("web")), b.kubelet.scratch(uid)
    assert logs.is_dir() and scratch.is_dir()
    b.delete("web")
    await until(lambda: b.gone("web"))
    assert not _runs(pid)
    assert b.wires.detached == [uid]
    assert not logs.exists() and not scratch.exists()
    assert ("Killing", "Stopping container main") in b.events("web")


@with_bench
async def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(b: Bench) -> None:
    b.create("deaf", command=["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"])
    await until(lambda: b.ready("deaf"))
    await _logged(b, "deaf", "deaf")
    pid = b.pid("deaf")
    started = asyncio.get_running_loop().time()
    b.delete("deaf", grace=1)
    await asyncio.sleep(0.3)
    assert not b.gone("deaf") and _runs(pid)
    await until(lambda: b.gone("deaf"))
    assert 0.9 < asyncio.get_running_loop().time() - started < 3
    assert not _runs(pid)


@with_bench
async def test_a_forced_deletion_kills_at_once(b: Bench) -> None:
    b.create("deaf", command=["sh", "-c", "trap '' TERM; echo deaf; sleep 100"])
    await until(lambda: b.ready("deaf"))
    await _logged(b, "deaf", "deaf")
    pid, uid = b.pid("deaf"), b.pod("deaf")["metadata"]["uid"]
    b.delete("deaf", grace=0)
    await until(lambda: uid in b.wires.detached)
    assert not _runs(pid)


@with_bench
async def test_a_deletion_can_be_hurried(b: Bench) -> None:
    b.create("deaf", command=["sh", "-c", "trap '' TERM; echo deaf; sleep 100"])
    await _logged(b, "deaf", "deaf")
    uid = b.pod("deaf")["metadata"]["uid"]
    b.delete("deaf", grace=60)
    await asyncio.sleep(0.05)
    b.delete("deaf", grace=0)
    await until(lambda: uid in b.wires.detached, 2)


@with_bench
async def test_pods_deleted_while_starting_leave_nothing(b: Bench) -> None:
    for number in range(20):
        b.create(f"p{number}", "netexec")
        for _ in range(number % 5):
            await asyncio.sleep(0)
        if number % 3:
            await asyncio.sleep(0.002 * number)
        b.delete(f"p{number}", grace=0 if number % 2 else 30)
    await until(lambda: not b.store.list("pods") and not b.wires.attached)
    assert [*b.kubelet.pids()] == ["zygote"]


@with_bench
async def test_children_of_a_container_die_with_it(b: Bench) -> None:
    b.create("parent", command=["sh", "-c", "sleep 1000 & echo $!; wait"])
    await until(lambda: b.ready("parent"))
    text = await _logged(b, "parent", "\n")
    os.kill(b.pid("parent"), signal.SIGKILL)
    await until(lambda: not _runs(int(text)))


@with_bench
async def test_a_pod_that_ends_is_succeeded(b: Bench) -> None:
    b.create("once", command=["sh", "-c", "echo done"], restartPolicy="Never")
    await until(lambda: b.phase("once") == "Succeeded")
    terminated = b.container("once")["state"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (0, "Completed")
    assert await b.logs("once") == "done\n"
    assert b.pod("once")["metadata"]["uid"] in b.wires.detached
    b.delete("once")
    await until(lambda: b.gone("once"))


@with_bench
async def test_a_pod_that_fails_is_failed(b: Bench) -> None:
    b.create("once", command=["sh", "-c", "exit 3"], restartPolicy="Never")
    await until(lambda: b.phase("once") == "Failed")
    assert b.container("once")["state"]["terminated"]["exitCode"] == 3
    assert not b.ready("once")


@with_bench
async def test_init_containers_run_in_order(b: Bench) -> None:
    step = ["sh", "-c", "echo $(cat steps 2>/dev/null)x > steps"]
    init = [{"name": name, "image": AGNHOST, "command": step} for name in ("one", "two")]
    b.create("web", command=["sh", "-c", "cat steps; sleep 100"], initContainers=init)
    await until(lambda: b.ready("web"))
    assert await _logged(b, "web", "\n") == "xx\n"
    entries = b.pod("web")["status"]["initContainerStatuses"]
    assert [entry["state"]["terminated"]["reason"] for entry in entries] == ["Completed", "Completed"]


@with_bench
async def test_a_failing_init_container_stops_a_pod_that_never_restarts(b: Bench) -> None:
    init = [{"name": "one", "image": AGNHOST, "command": ["sh", "-c", "exit 1"]}]
    b.create("web", initContainers=init, restartPolicy="Never")
    await until(lambda: b.phase("web") == "Failed")
    assert b.container("web")["state"]["waiting"]["reason"] == "PodInitializing"


@with_bench
async def test_a_sidecar_starts_before_the_main_container_and_ends_after_it(b: Bench) -> None:
    init = [{"name": "side", "image": AGNHOST, "args": ["netexec"], "restartPolicy": "Always"}]
    b.create("web", command=["sh", "-c", "sleep 0.1"], restartPolicy="OnFailure", initContainers=init)
    await until(lambda: b.phase("web") == "Succeeded")
    assert [*b.kubelet.pids()] == ["zygote"]


@with_bench
async def test_the_node_takes_no_more_pods_than_it_says(b: Bench) -> None:
    node = {"metadata": {"name": "lab-node"}, "status": {"allocatable": {"pods": "2"}}}
    b.store.create("nodes", {"apiVersion": "v1", "kind": "Node", **node})
    for number in range(3):
        b.create(f"p{number}")
    await until(lambda: b.ready("p0") and b.ready("p1"))
    assert b.pod("p2")["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert ("FailedScheduling", "0/1 nodes are available: 1 Too many pods.") in b.events("p2")
    b.delete("p0")
    await until(lambda: b.ready("p2"))


@with_bench
async def test_a_pod_for_another_node_is_left_alone(b: Bench) -> None:
    b.create("elsewhere", nodeName="node-7")
    b.create("choosy", nodeSelector={"disk": "ssd"})
    await asyncio.sleep(0.05)
    assert "podIP" not in (b.pod("elsewhere").get("status") or {})
    assert "didn't match" in b.pod("choosy")["status"]["conditions"][0]["message"]


@with_bench
async def test_ephemeral_containers_are_added_to_a_running_pod(b: Bench) -> None:
    b.create("web", "netexec")
    await until(lambda: b.ready("web"))
    pod = b.pod("web")
    probe = {"name": "debugger", "image": AGNHOST, "command": ["/agnhost", "connect", "web:80", "--timeout=1s"]}
    b.store.update("pods", {**pod, "spec": {**pod["spec"], "ephemeralContainers": [probe]}})
    await until(lambda: "terminated" in b.container("web", "ephemeralContainerStatuses")["state"])
    assert b.container("web", "ephemeralContainerStatuses")["state"]["terminated"]["exitCode"] == 1
    assert (await b.logs("web", "debugger")).startswith("OTHER: ")
    assert b.ready("web") and b.pod("web")["status"]["phase"] == "Running"


@with_bench
async def test_volumes_that_are_not_mounted_are_mentioned(b: Bench) -> None:
    b.create("web", volumes=[{"name": "tmp", "emptyDir": {}}, {"name": "conf", "configMap": {"name": "x"}}])
    await until(lambda: b.ready("web"))
    messages = [message for reason, message in b.events("web") if reason == "FailedMount"]
    assert len(messages) == 1 and 'volume "conf" (configMap)' in messages[0]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


async def _logged(b: Bench, name: str, part: str) -> str:
    """The log, once it has the part."""
    for _ in range(1000):
        if (b.pod(name).get("status") or {}).get("containerStatuses") and b.state(name) != "ContainerCreating":
            text = await b.logs(name)
            if part in text:
                return text
        await asyncio.sleep(0.005)
    raise AssertionError(f"{part!r} was not logged")
