"""Whether the node takes a pod. There is one node, so a scheduler has nothing to choose; it can only refuse."""

from typing import Any

from helpers.localcluster.api.events import record
from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.kubelet import status
from helpers.localcluster.kubelet.environment import NODE_NAME

Object = dict[str, Any]
MOST_PODS = 110
"""What a node takes when its object doesn't say, as in Kubernetes."""


def is_ours(pod: Object) -> bool:
    """Whether a pod is bound to this node, or to none yet."""
    return pod["spec"].get("nodeName") in (None, "", NODE_NAME)


class Place:
    """The node at one moment; `used` pods run on it."""

    def __init__(self, store: Store, used: int) -> None:
        node = store.get("nodes", None, NODE_NAME) or {}
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        self.used = used
        self._most = int(allocatable.get("pods") or MOST_PODS)
        self._labels = (node.get("metadata") or {}).get("labels") or {}
        self._closed = bool((node.get("spec") or {}).get("unschedulable"))

    def refuses(self, pod: Object) -> str:
        """Why the node doesn't take the pod, as the scheduler says it; empty if it does."""
        if pod["spec"].get("nodeName"):
            return ""
        if pod["spec"].get("schedulingGates"):
            return "Scheduling is blocked due to non-empty scheduling gates"
        if self._closed:
            return "0/1 nodes are available: 1 node(s) were unschedulable."
        if (pod["spec"].get("nodeSelector") or {}).items() - self._labels.items():
            return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
        if self.used >= self._most:
            return "0/1 nodes are available: 1 Too many pods."
        return ""


def mark(store: Store, pod: Object, refusal: str) -> bool:
    """Say in the pod's status, once, why it stays Pending; whether it had to be said."""
    metadata = pod["metadata"]
    held = store.get("pods", metadata["namespace"], metadata["name"])
    if held is None or held["metadata"]["uid"] != metadata["uid"]:
        return False
    said = [condition.get("message") for condition in (held.get("status") or {}).get("conditions") or ()]
    if refusal in said:
        return False
    store.update_status("pods", metadata["namespace"], metadata["name"],
                        status.unscheduled(refusal, held.get("status") or {}))  # fmt: skip
    record(store, held, "Warning", "FailedScheduling", refusal, "default-scheduler")
    return True
