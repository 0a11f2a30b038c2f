"""Put the shop's manifest into the cluster, and wait until its pods are Ready.

What is there already stays as the learner left it; only what is missing is made.
"""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helpers.localcluster.node.client import ApiProblem, Client, Object

MANIFEST = Path(__file__).parents[2] / "boutique" / "manifests" / "hipster-shop.yaml"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DEPLOYMENTS = "/apis/apps/v1/deployments"
_COLLECTIONS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Service": "/api/v1/namespaces/{}/services",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
}
# Accounts before the pods that run as them; Services last, so that processes start while they are made.
_ORDER = ("ServiceAccount", "ConfigMap", "Deployment", "Service")
# Waiting longer doesn't help a container that waits for one of these reasons.
_HOPELESS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CrashLoopBackOff",
    "RunContainerError",
)
_LOOK_SECONDS = 2.0


class NotReady(Exception):
    """Some pods can't become Ready, or didn't in time; the text names them and says why."""


def manifest() -> list[Object]:
    """The shop's objects."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with MANIFEST.open("rb") as file:
        objects = [item for item in yaml.load_all(file, loader) if item]
    return sorted(objects, key=lambda item: _ORDER.index(item["kind"]))


def create(client: Client, objects: Iterable[Object]) -> None:
    """Create each object that doesn't exist, as `kubectl apply` would. Raises ApiProblem."""
    for item in objects:
        path = _COLLECTIONS[item["kind"]].format(item["metadata"].get("namespace", "default"))
        try:
            client.post(path, _applied(item))
        except ApiProblem as error:
            if error.status != 409:
                raise ApiProblem(error.status, f"{item['kind']} {item['metadata']['name']}: {error}") from None


def _applied(item: Object) -> Object:
    """The object with the note that `kubectl apply` would leave, to the byte: to apply it again changes nothing."""
    annotations = item["metadata"].get("annotations") or {}
    metadata = {**item["metadata"], "annotations": annotations}
    metadata.setdefault("namespace", "default")
    note = json.dumps({**item, "metadata": metadata}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for sign in "<>&":  # as Go writes JSON
        note = note.replace(sign, f"\\u{ord(sign):04x}")
    return {**item, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: f"{note}\n"}}}


def wait_ready(connect: Callable[[], Client], wanted: set[tuple[str, str]], seconds: float) -> None:
    """Return when every wanted Deployment (namespace, name) runs as many Ready pods as it asks for.

    Raises NotReady after so many seconds, and sooner where waiting doesn't help.
    """
    deadline = time.monotonic() + seconds
    missing = set(wanted)
    while missing:
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotReady(_why(connect, missing, only_hopeless=False) or f"{_names(missing)} did not become Ready")
        with connect() as client:
            for kind, item in client.watch(f"{DEPLOYMENTS}?watch=true", min(left, _LOOK_SECONDS)):
                key = item["metadata"].get("namespace", ""), item["metadata"].get("name", "")
                if kind != "DELETED" and _complete(item):
                    missing.discard(key)
                elif key in wanted:
                    missing.add(key)
                if not missing:
                    return
        reason = _why(connect, missing, only_hopeless=True)
        if reason:
            raise NotReady(reason)


def _complete(item: Object) -> bool:
    """Whether the rollout is over and every replica Ready."""
    status, spec = item.get("status") or {}, item.get("spec") or {}
    replicas = spec.get("replicas", 1)
    counts = {status.get(field, 0) for field in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")}
    return counts == {replicas} and status.get("observedGeneration", 0) >= item["metadata"].get("generation", 1)


def _why(connect: Callable[[], Client], missing: set[tuple[str, str]], only_hopeless: bool) -> str:
    """Which pods keep the Deployments from being complete, one line a pod."""
    lines = []
    with connect() as client:
        for pod in client.get("/api/v1/pods")["items"]:
            metadata = pod["metadata"]
            owner = next(iter(metadata.get("ownerReferences") or [{"name": ""}]))["name"]
            if (metadata["namespace"], owner.rpartition("-")[0]) not in missing or _is_ready(pod):
                continue
            reason, message = _waiting(pod)
            if reason in _HOPELESS or not only_hopeless:
                said = _last_words(client, metadata) if reason == "CrashLoopBackOff" else message
                lines.append(
                    f"pod {metadata['namespace']}/{metadata['name']} is not Ready: {reason}"
                    f"{': ' + said if said else ''}"
                )
    return "\n".join(lines)


def _last_words(client: Client, metadata: Object) -> str:
    """The last line of a crashing pod's log."""
    try:
        log = client.text(f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log?tailLines=1")
    except ApiProblem:
        return ""
    return log.strip()


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _waiting(pod: Object) -> tuple[str, str]:
    """Why a pod isn't Ready: reason and message of its first container that says so."""
    status: dict[str, Any] = pod.get("status") or {}
    for container in status.get("containerStatuses") or []:
        for state in ("waiting", "terminated"):
            found = (container.get("state") or {}).get(state)
            if found:
                return found.get("reason", state), found.get("message", "")
    return status.get("reason") or status.get("phase") or "Pending", status.get("message") or ""


def _names(keys: set[tuple[str, str]]) -> str:
    return ", ".join(sorted("/".join(key) for key in keys))
