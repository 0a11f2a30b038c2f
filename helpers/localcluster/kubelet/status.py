"""A pod's status, from its containers: phase, conditions, quality of service. Pure functions."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from helpers.localcluster.api.storage.store import now
from helpers.localcluster.kubelet.environment import NODE_ADDRESS

Object = dict[str, Any]


class ContainerView(Protocol):
    """What is read of a container."""

    @property
    def name(self) -> str: ...
    @property
    def ready(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def state(self) -> Object: ...
    @property
    def sidecar(self) -> bool: ...


def phase(init: Sequence[ContainerView], main: Sequence[ContainerView]) -> str:
    """Pending, Running, Succeeded or Failed."""
    if any(c.done and _exit_code(c) != 0 and not c.sidecar for c in init):
        return "Failed"
    if all(c.done for c in main):
        if any(c.sidecar and not c.done for c in init):
            return "Running"
        return "Failed" if any(_exit_code(c) for c in main) else "Succeeded"
    return "Pending" if any(_never_ran(c) for c in main) else "Running"


def _never_ran(container: ContainerView) -> bool:
    waiting = container.state.get("waiting")
    return waiting is not None and waiting.get("reason") != "CrashLoopBackOff"


def _exit_code(container: ContainerView) -> int:
    return int((container.state.get("terminated") or {}).get("exitCode", 0))


def conditions(
    init: list[ContainerView], main: list[ContainerView], over: str, previous: Iterable[Object]
) -> list[Object]:
    """The pod's conditions; `over` is its phase if that is final, and one that stays keeps its time."""
    initialized = all(c.ready or (c.done and _exit_code(c) == 0) for c in init)
    held = {condition["type"]: condition for condition in previous}
    ready, why, message = True, "", ""
    unready = [c.name for c in main if not c.ready]
    if over == "Succeeded":
        ready, why = False, "PodCompleted"
    elif over == "Failed":
        ready, why = False, "PodFailed"
    elif unready:
        ready, why = False, "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
    not_initialized = [c.name for c in init if not c.ready]
    incomplete = f"containers with incomplete status: [{' '.join(not_initialized)}]"
    return [
        _condition(held, "PodReadyToStartContainers", not over, "", ""),
        _condition(held, "Initialized", initialized, "ContainersNotInitialized", incomplete),
        _condition(held, "Ready", ready, why, message),
        _condition(held, "ContainersReady", ready, why, message),
        _condition(held, "PodScheduled", True, "", ""),
    ]


def _condition(held: dict[str, Object], kind: str, true: bool, reason: str, message: str) -> Object:
    status = "True" if true else "False"
    condition: Object = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": now()}
    if not true and reason:
        condition["reason"] = reason
    if not true and message:
        condition["message"] = message
    old = held.get(kind)
    if old and old["status"] == status:
        condition["lastTransitionTime"] = old.get("lastTransitionTime") or condition["lastTransitionTime"]
    return condition


def unscheduled(message: str, previous: Object) -> Object:
    """The status of a pod that no node takes, and why."""
    condition = {
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        "lastProbeTime": None, "lastTransitionTime": now(),
    }  # fmt: skip
    return {**previous, "phase": "Pending", "conditions": [condition]}


def addresses(address: str, start: str) -> Object:
    """The fields that tell where a pod is and since when."""
    return {
        "hostIP": NODE_ADDRESS,
        "hostIPs": [{"ip": NODE_ADDRESS}],
        **({"podIP": address, "podIPs": [{"ip": address}]} if address else {}),
        "startTime": start,
    }


def quality_of_service(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, from the containers' requests and limits."""
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    resources = [container.get("resources") or {} for container in containers]
    if not any(part.get("requests") or part.get("limits") for part in resources):
        return "BestEffort"
    guaranteed = all(
        (part.get("limits") or {}).get(name) is not None
        and (part.get("requests") or part["limits"]).get(name, part["limits"][name]) == part["limits"][name]
        for part in resources
        for name in ("cpu", "memory")
    )
    return "Guaranteed" if guaranteed else "Burstable"
