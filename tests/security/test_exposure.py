"""What the cluster shows of itself: addresses, files, process lists, environments, logs."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.recovery import page, pids, recovered
from support.writer import POLICIES, Api

from .conftest import ENVIRONMENT_SECRET, OBJECT_SECRET

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1 as the kernel writes them
DENY_CATALOG = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny-catalog"},
    "spec": {"podSelector": {"matchLabels": {"app": "productcatalogservice"}}, "ingress": []},
}
NODE_VARIABLES = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "LAB_CLUSTER",
    "PYTHONPATH",
    "GRPC_ENABLE_FORK_SUPPORT",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY",
}
POD_VARIABLES = {
    "PATH",
    "HOME",
    "LANG",
    "HOSTNAME",
    "POD_NAME",
    "POD_NAMESPACE",
    "POD_IP",
    "LISTEN_DIR",
    "NAMESERVER",
    "grpc_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PASSWORD",
}


def sockets_of(processes: set[int]) -> set[str]:
    """The inodes of all their sockets."""
    found = set()
    for pid in processes:
        try:
            entries = [*Path(f"/proc/{pid}/fd").iterdir()]
        except FileNotFoundError:  # it has ended meanwhile
            continue
        for entry in entries:
            try:
                found.update(re.findall(r"socket:\[(\d+)\]", os.readlink(entry)))
            except OSError:
                continue
    return found


def kernel_table(name: str) -> list[list[str]]:
    path = Path(f"/proc/net/{name}")
    return [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []


def test_every_listener_is_on_loopback(lab: Cluster) -> None:
    ours = sockets_of(set(pids(lab).values()))
    listening = {
        row[1].partition(":")[0]
        for name in ("tcp", "tcp6")
        for row in kernel_table(name)
        if row[3] == "0A" and row[9] in ours
    }
    assert listening and listening <= LOOPBACK
    for name in ("udp", "udp6", "raw", "raw6", "packet"):
        assert not [row for row in kernel_table(name) if ours & set(row)], f"nothing of the cluster uses {name}"


def test_every_socket_file_lies_in_the_private_directory(lab: Cluster) -> None:
    """No abstract socket takes connections: those have no permissions. The ends of connections may be named."""
    ours = sockets_of(set(pids(lab).values()))
    named = [row for row in kernel_table("unix") if row[6] in ours and len(row) > 7]
    elsewhere = [row for row in named if not row[7].startswith(f"{lab.home}/run/")]
    stream, connected = "0001", "03"
    assert len(named) - len(elsewhere) > 12
    for row in elsewhere:
        assert re.fullmatch(r"@lab-[0-9a-f]{8}-[0-9a-f]{12}", row[7]), row
        assert (row[3], row[4], row[5]) == ("00000000", stream, connected), row


def test_files_are_for_their_owner_alone(lab: Cluster) -> None:
    """Though the learner's umask was 0 when the cluster started. What kubectl caches is protected by its directory."""
    found = 0
    for directory, below, files in os.walk(lab.home):
        for path in (Path(directory), *(Path(directory, name) for name in files)):
            status = path.lstat()
            command = Path(directory) == lab.home / "run" / "bin"
            expected = 0o700 if stat.S_ISDIR(status.st_mode) or command else 0o600
            mode = stat.S_IMODE(status.st_mode)
            assert mode == expected or stat.S_ISSOCK(status.st_mode), f"{path} has mode {mode:o}"
            found += 1
        if Path(directory) == lab.home / "kubecache":
            below.clear()
    assert found > 40


@pytest.fixture(scope="module")
def busy(lab: Cluster) -> Cluster:
    """A cluster in which several things have gone wrong: errors are where secrets get out."""
    api = Api(lab.home / "kubeconfig")
    api.request("POST", POLICIES, DENY_CATALOG)
    lab.kubectl("rollout", "restart", "deployment/frontend")  # connections that stand would go on
    recovered(lab)
    assert page(lab)[0] == 500
    api.request("DELETE", f"{POLICIES}/deny-catalog")
    lab.try_kubectl("exec", "keeper", "--", "/agnhost", "connect", "nowhere:80", "--timeout=1s")
    lab.try_kubectl("exec", "keeper", "--", "sh", "-c", "echo to-the-terminal; exit 3")
    lab.try_kubectl("--token", "guessed", "get", "pods")
    lab.try_kubectl("get", "secret", "safe", "-o", "yaml")
    api.refusal("GET", f"/api/v1/namespaces/default/pods/keeper/exec?command=id&token={api.token}")
    assert page(lab)[0] == 200
    return lab


def tokens_of_pods(own: Cluster) -> set[str]:
    """What one finds in a pod's environment."""
    names = own.kubectl("get", "pods", "-o", "name").split()
    shown = [own.kubectl("exec", name, "--", "env") for name in names[:3]]
    return {token for text in shown for token in re.findall(r"^http_proxy=http://[^:]+:([^@]+)@", text, re.MULTILINE)}


def holding(own: Cluster, secret: str) -> set[str]:
    """The files of the cluster that contain a text."""
    needle = secret.encode()
    files = [path for path in own.home.rglob("*") if path.is_file()]
    return {str(path.relative_to(own.home)) for path in files if needle in path.read_bytes()}


def test_secrets_are_only_in_the_files_that_keep_them(busy: Cluster, api: Api) -> None:
    shop_secret = busy.status["shop_url"].rstrip("/").rpartition("/")[2]
    database = {"state.db", "state.db-wal"}
    assert holding(busy, api.token) == {"kubeconfig", "pki/token"}
    assert holding(busy, shop_secret) == {"node.json", "pki/shop-secret"}
    assert holding(busy, "PRIVATE KEY") == {"pki/server.pem"}
    assert holding(busy, OBJECT_SECRET) <= database, "a Secret's data as it is would mean a log or a cache"
    assert holding(busy, ENVIRONMENT_SECRET) == set()
    tokens = tokens_of_pods(busy)
    assert len(tokens) == 3, "each pod has a token of its own"
    for token in tokens:
        assert holding(busy, token) == set()


def test_secrets_are_in_no_process_list(busy: Cluster, api: Api) -> None:
    shop_secret = busy.status["shop_url"].rstrip("/").rpartition("/")[2]
    lines = " ".join(busy.processes().values())
    assert "helpers.localcluster.node" in lines
    for secret in (api.token, shop_secret, OBJECT_SECRET, ENVIRONMENT_SECRET, *tokens_of_pods(busy)):
        assert secret not in lines


def variables(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_processes_do_not_inherit_the_learners_environment(lab: Cluster) -> None:
    named = pids(lab)
    for pid in named.values():
        held = variables(pid)
        assert ENVIRONMENT_SECRET not in held.values()
        assert OBJECT_SECRET not in held.values()
    for name in ("node", "zygote"):
        assert set(variables(named[name])) <= NODE_VARIABLES


def test_a_pods_environment_is_its_own(lab: Cluster) -> None:
    """Built from nothing: what its specification gives it, what Kubernetes adds, and the way to the network."""
    shown = lab.kubectl("exec", "keeper", "--", "env")
    held = dict(line.split("=", 1) for line in shown.splitlines())
    services = re.compile(r"[A-Z_]+_(SERVICE_HOST|SERVICE_PORT|PORT)(_.+)?")
    assert {name for name in held if not services.fullmatch(name)} <= POD_VARIABLES
    assert held["PASSWORD"] == OBJECT_SECRET
    assert ENVIRONMENT_SECRET not in shown
    assert held["HOME"].startswith(f"{lab.home}/run/"), "not the learner's home"


def test_the_learners_kubeconfig_is_left_alone(lab: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that starts with another HOME neither reads nor writes ~/.kube/config."""
    (tmp_path / ".kube").mkdir()
    theirs = tmp_path / ".kube" / "config"
    theirs.write_text("not: for the lab")
    theirs.chmod(0o000)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    own = Cluster(tmp_path / "lab")
    try:
        own.up("--empty")
        assert sorted(path.name for path in tmp_path.iterdir()) == [".kube", "lab"]
    finally:
        own.run("down")
    theirs.chmod(0o600)
    assert theirs.read_text() == "not: for the lab"
