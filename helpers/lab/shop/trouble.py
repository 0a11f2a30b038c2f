"""Why a rollout is stuck, in the cluster's own words: quota, PodSecurity, scheduling, image, probe."""

from typing import Any

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.shop.workloads import workload_of

_LONGEST = 300  # characters of one message


def stuck(cluster: Cluster, waiting: list[str], rest: str, timeout: float) -> str:
    """One sentence for what isn't Ready after `timeout` seconds; `rest` is what all else waits for."""
    if not waiting:
        return f"The new pods are Ready, but after {timeout:.0f} s: {rest}. Look at: kubectl get pods,endpointslices"
    reasons = reasons_of(cluster, waiting)
    said = "; ".join(f"{name}: {reasons.get(name, 'not Ready')}" for name in waiting[:4])
    return (
        f"Not Ready after {timeout:.0f} s: {said}. Look at: kubectl describe pod -l app={waiting[0]}"
        f" and kubectl logs deployment/{waiting[0]}"
    )


def reasons_of(cluster: Cluster, deployments: list[str]) -> dict[str, str]:
    """Why these Deployments have no Ready pods, as far as the cluster says: by name."""
    found = {
        item["metadata"]["name"]: reason
        for item in cluster.list("deployments", cluster.namespace)
        if item["metadata"]["name"] in deployments and (reason := _refused(item))
    }
    for pod in cluster.list("pods", cluster.namespace):
        if workload_of(pod) in deployments and (reason := _trouble(pod)):
            found.setdefault(workload_of(pod), reason)
    return found


def _refused(deployment: Object) -> str:
    """Why its ReplicaSet may make no pods: a quota, or PodSecurity."""
    for condition in (deployment.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return _words(condition)
    return ""


def _trouble(pod: Object) -> str:
    """What a pod says of itself: where it can't run, or what its container waits for."""
    status: dict[str, Any] = pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _words(condition)
    for container in status.get("containerStatuses") or []:
        state = (container.get("state") or {}).get("waiting") or {}
        if state.get("reason"):
            return _words(state)
    return ""


def _words(said: Object) -> str:
    return " ".join(filter(None, (said.get("reason"), (said.get("message") or "")[:_LONGEST])))
