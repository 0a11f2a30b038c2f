"""What must be true of a cluster after something went wrong, asked from outside; and whom one can kill."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any

from helpers.localcluster.node import status
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.private import MARKER

from .cluster import Cluster
from .writer import Api

Object = dict[str, Any]

DEPLOYMENTS = "/apis/apps/v1/deployments"
REPLICA_SETS = "/apis/apps/v1/replicasets"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
SERVICES = "/api/v1/services"
PODS = "/api/v1/pods"

RECOVERY = 80.0  # seconds until everything must be as it should: a pod killed often waits for up to 60


def until(done: Callable[[], object], seconds: float, said: Callable[[], object] = lambda: "it did not happen") -> None:
    """Wait until `done()` is true; fails with what `said()` says."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)


def pids(own: Cluster) -> dict[str, int]:
    """The cluster's processes as `status` names them: `node`, `zygote`, pods, `lab-watcher-PID`."""
    return dict(status.read(Home(own.home)).pids)


def kinds(named: dict[str, int]) -> dict[str, list[int]]:
    """Those processes by what differs in kind: node, zygote, watcher, dns, database, and all other pods."""
    found: dict[str, list[int]] = {}
    for name, pid in named.items():
        kind = {"node": "node", "zygote": "zygote"}.get(name, "pod")
        for start, special in (("lab-watcher-", "watcher"), ("kube-system/coredns-", "dns"), ("redis-cart-", "redis")):
            kind = special if name.startswith(start) else kind
        found.setdefault(kind, []).append(pid)
    return found


def page(own: Cluster, path: str = "", seconds: float = 10) -> tuple[int, str]:
    """HTTP status and text of a page of the shop."""
    address = urllib.parse.urljoin(status.read(Home(own.home)).shop_url or "", path)
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def recovered(own: Cluster, seconds: float = RECOVERY) -> float:
    """Wait until the state is right; how long that took. Fails with what is wrong still."""
    begun, deadline = time.monotonic(), time.monotonic() + seconds
    while wrong := _wrong(own):
        assert time.monotonic() < deadline, f"not recovered after {seconds:.0f} s: {wrong}\n{_log(own)}"
        time.sleep(0.05)
    return time.monotonic() - begun


def _log(own: Cluster) -> str:
    return (own.home / "node.log").read_text(errors="replace")[-4000:]


def _wrong(own: Cluster) -> str:
    try:
        return wrong(Api(own.home / "kubeconfig")) or _wrong_processes(own)
    except (OSError, http.client.HTTPException) as error:
        return f"the API doesn't answer: {error!r}"


def wrong(api: Api) -> str:
    """What is not as the objects say it should be; empty if all is well."""
    pods = api.items(PODS)
    return next(
        filter(
            None,
            (
                *(f"pod {name(pod)}: {pod['status']}" for pod in pods if not is_ready(pod)),
                *(_wrong_deployment(item) for item in api.items(DEPLOYMENTS)),
                *_wrong_sets(api.items(REPLICA_SETS), pods),
                *_wrong_endpoints(api, pods),
            ),
        ),
        "",
    )


def name(item: Object) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def is_ready(pod: Object) -> bool:
    """Ready, and meant to stay."""
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _wrong_deployment(item: Object) -> str:
    wanted, held = item["spec"]["replicas"], item.get("status", {})
    counts = [held.get(f"{kind}eplicas", 0) for kind in ("r", "updatedR", "readyR", "availableR")]
    known = held.get("observedGeneration", 0) == item["metadata"]["generation"]
    return "" if known and counts == [wanted] * 4 else f"Deployment {name(item)}: wants {wanted}, has {held}"


def _wrong_sets(sets: list[Object], pods: list[Object]) -> list[str]:
    """ReplicaSets that have not as many pods as they ask for."""
    owned = Counter(owner["uid"] for pod in pods for owner in pod["metadata"].get("ownerReferences", ()))
    return [
        f"ReplicaSet {name(item)}: wants {item['spec']['replicas']}, has {owned[item['metadata']['uid']]}"
        for item in sets
        if item["spec"]["replicas"] != owned[item["metadata"]["uid"]]
    ]


def _wrong_endpoints(api: Api, pods: list[Object]) -> list[str]:
    """Services whose endpoints are not exactly the pods that they select."""
    listed: dict[tuple[str, str], set[str]] = {}
    for part in api.items(SLICES):
        service = part["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
        ready = [end for end in part.get("endpoints") or () if end.get("conditions", {}).get("ready", True)]
        listed.setdefault((part["metadata"]["namespace"], service), set()).update(*(end["addresses"] for end in ready))
    problems = []
    for service in api.items(SERVICES):
        selector = service["spec"].get("selector")
        namespace = service["metadata"]["namespace"]
        chosen = {
            pod["status"]["podIP"]
            for pod in pods
            if selector
            and pod["metadata"]["namespace"] == namespace
            and selector.items() <= pod["metadata"].get("labels", {}).items()
        }
        found = listed.get((namespace, service["metadata"]["name"]), set())
        if selector and found != chosen:
            problems.append(f"Service {name(service)}: endpoints {found}, pods {chosen}")
    addresses = [pod["status"]["podIP"] for pod in pods]
    if len(set(addresses)) < len(addresses):
        problems.append(f"pods share an address: {sorted(addresses)}")
    return problems


def _wrong_processes(own: Cluster) -> str:
    named, found = set(pids(own).values()), own.processes()
    return "" if named == set(found) else f"processes {found}, status names {sorted(named)}"


def assert_nothing_left(own: Cluster, seconds: float = 3.0) -> None:
    """After `down`: no process, no socket, no description of a node; kept are the files that `down` documents."""
    until(lambda: not own.processes(), seconds, own.processes)
    assert not [path for path in own.home.rglob("*") if path.is_socket()]
    assert not Home(own.home).run.exists()
    kept = {path.name for path in own.home.iterdir()}
    allowed = {
        "state.db",
        "kubeconfig",
        "kubecache",
        "pki",
        "logs",
        "node.log",
        "ports.json",
        "node.lock",
        "launch.lock",
        "state.db-wal",
        "run-path",
        "cookies.json",
        MARKER,
    }
    assert kept <= allowed, kept - allowed
