"""Which pod is whose."""

from helpers.lab.cluster.api import Object


def workload_of(pod: Object) -> str:
    """The Deployment behind a pod, by its ReplicaSet's name; the pod's own name if it has none."""
    for owner in pod["metadata"].get("ownerReferences") or []:
        if owner.get("kind") == "ReplicaSet":
            return str(owner["name"]).rpartition("-")[0]
        return str(owner["name"])
    return str(pod["metadata"]["name"])


def ready_addresses(pods: list[Object]) -> set[str]:
    """The addresses of the pods that are Ready and stay."""
    return {
        str(pod["status"]["podIP"])
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp") and pod.get("status", {}).get("podIP") and is_ready(pod)
    }


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)
