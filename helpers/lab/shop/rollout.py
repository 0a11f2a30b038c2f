"""Deploy the shop, restart parts of it, and wait with a bar until the pods are Ready."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from helpers.lab.bar import Bar
from helpers.lab.cluster import belonging, session, writing
from helpers.lab.cluster.api import STRATEGIC, Cluster, Object
from helpers.lab.errors import LabError, NotFound, Unfinished, did_you_mean
from helpers.lab.home import repository
from helpers.lab.shop import endpoints, trouble
from helpers.lab.shop.workloads import workload_of

RESTARTED = "kubectl.kubernetes.io/restartedAt"
_MOVING = "Services turning to the new pods"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.03, 0.5  # seconds between two looks


def manifest() -> Path:
    """The shop's own manifest: plain Kubernetes, for any cluster."""
    return repository() / "helpers" / "boutique" / "manifests" / "hipster-shop.yaml"


def deploy(timeout: float = 180) -> None:
    """Apply the shop's manifest and wait until all its pods are Ready; running it again changes nothing.

    `timeout` in seconds. Raises Unfinished, which says what is missing, or Interrupted.
    """
    cluster = session.current()
    with Bar("Deploying the shop", 1) as bar:
        bar.update(0, "kubectl apply")
        belonging.check_names(cluster, deployments())
        writing.change(cluster, manifest().read_text("utf-8"))
        names = _names(cluster)
        wait(cluster, bar, names, timeout, also=lambda: "" if endpoints.moved(cluster, names) else _MOVING)
    endpoints.settle(cluster)


def deployments() -> list[str]:
    """The names of the shop's Deployments."""
    import yaml

    text = manifest().read_text("utf-8")
    documents = yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return [item["metadata"]["name"] for item in documents if item and item.get("kind") == "Deployment"]


def restart(deployment: str, timeout: float = 120) -> None:
    """Replace the pods of a Deployment, as `kubectl rollout restart` does, and wait until the new ones serve.

    `kubectl rollout status` returns sooner: then a call may still go to a pod that is gone. `timeout` in seconds.
    Raises LabError for an unknown name, Unfinished, or Interrupted.
    """
    cluster = session.current()
    name = bare(deployment)
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    change = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}
    try:
        cluster.patch("deployments", name, change, kind=STRATEGIC)
    except NotFound:
        raise unknown(cluster, name, _names(cluster)) from None
    with Bar(f"Restarting {name}", 1) as bar:
        wait(cluster, bar, [name], timeout, also=lambda: _replaced(cluster, name))
    endpoints.settle(cluster)


def bare(deployment: str) -> str:
    """`frontend` of `deployment/frontend`, as kubectl takes it."""
    return deployment.removeprefix("deployment/").removeprefix("deploy/")


def unknown(cluster: Cluster, name: str, known: Sequence[str]) -> LabError:
    """The error for a Deployment that isn't there; `known` are those that are."""
    others = f" It has: {', '.join(known) or 'none; run lab.deploy()'}."
    return LabError(
        f"There is no Deployment {name!r} in the namespace {cluster.namespace}.{did_you_mean(name, known) or others}"
    )


def wait(
    cluster: Cluster, bar: Bar, names: Iterable[str], timeout: float, also: Callable[[], str] = lambda: ""
) -> None:
    """Draw `bar` until the pods of these Deployments are Ready and `also` names nothing to wait for any more."""
    wanted = set(names)
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while True:
        found = [item for item in cluster.list("deployments", cluster.namespace) if item["metadata"]["name"] in wanted]
        bar.total, bar.unit = max(sum(map(_wanted, found)), 1), "pods Ready"
        waiting = [item["metadata"]["name"] for item in found if not settled(item)]
        rest = "" if waiting else also()
        bar.update(sum(map(_ready, found)), _note(waiting) or rest)
        if found and not waiting and not rest:
            return
        if time.monotonic() > deadline:
            raise Unfinished(trouble.stuck(cluster, waiting, rest, timeout))
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE)


def settled(deployment: Object) -> bool:
    """Whether a Deployment's present template runs everywhere, and is Ready."""
    status, wanted = deployment.get("status") or {}, _wanted(deployment)
    observed = int(status.get("observedGeneration") or 0) >= int(deployment["metadata"].get("generation") or 0)
    counts = [int(status.get(key) or 0) for key in ("updatedReplicas", "readyReplicas", "availableReplicas")]
    return observed and all(count >= wanted for count in counts) and int(status.get("replicas") or 0) == wanted


def _names(cluster: Cluster) -> list[str]:
    return sorted(item["metadata"]["name"] for item in cluster.list("deployments", cluster.namespace))


def _wanted(deployment: Object) -> int:
    found = deployment["spec"].get("replicas")
    return 1 if found is None else int(found)


def _ready(deployment: Object) -> int:
    status = deployment.get("status") or {}
    return min(int(status.get("readyReplicas") or 0), _wanted(deployment))


def _replaced(cluster: Cluster, name: str) -> str:
    """What is still to go: pods on their way out, whose connections may stand, and endpoints that are theirs."""
    pods = cluster.list("pods", cluster.namespace)
    if any(pod["metadata"].get("deletionTimestamp") and workload_of(pod) == name for pod in pods):
        return "old pod terminating"
    return "" if endpoints.moved(cluster, [name]) else _MOVING


def _note(waiting: list[str]) -> str:
    more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    return f"waiting for {', '.join(waiting[:3])}{more}" if waiting else ""
