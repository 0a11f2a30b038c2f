"""What a Deployment says about itself: the conditions that `kubectl rollout status` reads."""

from datetime import UTC, datetime

from helpers.localcluster.api.storage.store import Object, now
from helpers.localcluster.controllers.rollout import limits, replicas

DEADLINE = 600  # seconds, default of progressDeadlineSeconds


def conditions(deployment: Object, current: Object | None, status: Object) -> list[Object]:
    """Available and Progressing, with times that change only when their status does."""
    return [_available(deployment, status), _progressing(deployment, current, status)]


def seconds_to_deadline(deployment: Object, status: Object) -> float | None:
    """When a rollout that makes no progress becomes a failed one; None for a finished or failed one."""
    progressing = status["conditions"][1]
    if progressing["reason"] in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"):
        return None
    return max(0.1, _patience(deployment) - _age(progressing["lastUpdateTime"]))


def _available(deployment: Object, status: Object) -> Object:
    enough = status.get("availableReplicas", 0) >= replicas(deployment) - limits(deployment).unavailable
    if enough:
        return _condition(
            deployment, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
        )
    return _condition(
        deployment, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
    )


def _progressing(deployment: Object, current: Object | None, status: Object) -> Object:
    if deployment["spec"].get("paused"):
        return _condition(deployment, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    name = current["metadata"]["name"] if current else ""
    if _complete(deployment, status):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return _condition(deployment, "Progressing", "True", "NewReplicaSetAvailable", text)
    if _stuck(deployment, status):
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return _condition(deployment, "Progressing", "False", "ProgressDeadlineExceeded", text)
    moved = _counts(status) != _counts(deployment.get("status") or {})
    text = f'ReplicaSet "{name}" is progressing.'
    return _condition(deployment, "Progressing", "True", "ReplicaSetUpdated", text, touched=moved)


def _complete(deployment: Object, status: Object) -> bool:
    wanted = replicas(deployment)
    counts = [status.get(field, 0) for field in ("updatedReplicas", "replicas", "availableReplicas")]
    return counts == [wanted] * 3


def _stuck(deployment: Object, status: Object) -> bool:
    """No progress for longer than the deadline."""
    held = _held(deployment, "Progressing")
    if held is None or held["reason"] in ("NewReplicaSetAvailable", "DeploymentPaused"):
        return False
    if _counts(status) != _counts(deployment.get("status") or {}):
        return False
    return held["reason"] == "ProgressDeadlineExceeded" or _age(held["lastUpdateTime"]) >= _patience(deployment)


def _counts(status: Object) -> Object:
    fields = ("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return {field: status.get(field, 0) for field in fields}


def _patience(deployment: Object) -> float:
    return float(deployment["spec"].get("progressDeadlineSeconds") or DEADLINE)


def _age(time: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()


def _held(deployment: Object, kind: str) -> Object | None:
    listed = (deployment.get("status") or {}).get("conditions") or ()
    return next((item for item in listed if item["type"] == kind), None)


def _condition(
    deployment: Object, kind: str, value: str, reason: str, message: str, *, touched: bool = False
) -> Object:
    held = _held(deployment, kind)
    time = now()
    same = held is not None and (held["status"], held["reason"], held["message"]) == (value, reason, message)
    updated = held["lastUpdateTime"] if held and same and not touched else time
    changed = held["lastTransitionTime"] if held and held["status"] == value else time
    texts = {"type": kind, "status": value, "reason": reason, "message": message}
    return {**texts, "lastUpdateTime": updated, "lastTransitionTime": changed}
