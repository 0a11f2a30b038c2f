"""A pod in three words: how many containers are ready, its state, its restarts."""

from typing import Any

from helpers.localcluster.api.humanize import age
from helpers.localcluster.api.resource import Object

TERMINAL = ("Succeeded", "Failed")


def pod_cells(pod: Object) -> tuple[str, str, str]:
    """The Ready, Status and Restarts cells of `kubectl get pods`."""
    status = pod.get("status", {})
    containers = status.get("containerStatuses") or []
    total = len(pod.get("spec", {}).get("containers") or ())
    ready = sum(1 for item in containers if item.get("ready") and "running" in item.get("state", {}))
    return f"{ready}/{total}", _state(pod, containers), _restarts(containers)


def _state(pod: Object, containers: list[dict[str, Any]]) -> str:
    status = pod.get("status", {})
    phase = status.get("phase", "Unknown")
    state = _starting(pod) or _of_containers(containers, status, status.get("reason") or phase)
    if pod["metadata"].get("deletionTimestamp") and phase not in TERMINAL:
        return "Terminating"
    return state


def _of_containers(containers: list[dict[str, Any]], status: Object, state: str) -> str:
    running = False
    for container in reversed(containers):
        held = container.get("state", {})
        if reason := _reason(held):
            state = reason
        elif "running" in held and container.get("ready"):
            running = True
    if state == "Completed" and running:
        conditions = status.get("conditions") or ()
        ready = any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
        return "Running" if ready else "NotReady"
    return state


def _reason(state: dict[str, Any]) -> str:
    if waiting := state.get("waiting"):
        return str(waiting.get("reason", ""))
    ended = state.get("terminated")
    if not ended:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _starting(pod: Object) -> str:
    """`Init:0/1` or what holds the init containers up; empty once they are done."""
    total = len(pod.get("spec", {}).get("initContainers") or ())
    for position, container in enumerate(pod.get("status", {}).get("initContainerStatuses") or ()):
        state = container.get("state", {})
        ended = state.get("terminated")
        if ended and ended.get("exitCode") == 0:
            continue
        reason = _reason(state)
        return f"Init:{reason}" if reason and reason != "PodInitializing" else f"Init:{position}/{total}"
    return ""


def _restarts(containers: list[dict[str, Any]]) -> str:
    count = sum(item.get("restartCount", 0) for item in containers)
    ends = [(item.get("lastState", {}).get("terminated") or {}).get("finishedAt") for item in containers]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({age(last)} ago)" if count and last else str(count)
