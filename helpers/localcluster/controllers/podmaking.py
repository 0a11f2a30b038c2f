"""What the controllers that keep pods have in common: to make one from a template, and to see how it fares."""

from datetime import UTC, datetime

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import PODS
from helpers.localcluster.api.requests.admission import check_security
from helpers.localcluster.api.storage.store import Object, Store
from helpers.localcluster.controllers.owners import owner_reference


def make_pod(
    store: Store,
    owner: Object,
    template: Object,
    component: str,
    *,
    name: str = "",
    prefix: str = "",
    labels: Object | None = None,
    annotations: Object | None = None,
    spec: Object | None = None,
) -> Object:
    """Create a pod of `owner`: with this name, or with one that begins with `prefix` (the owner's name and a dash).

    `labels`, `annotations` and `spec` come on top of the template's. Says so in an event, a failure too; raises
    ApiError.
    """
    given, metadata = template.get("metadata") or {}, owner["metadata"]
    named = {"name": name} if name else {"generateName": prefix or f"{metadata['name']}-"}
    marks = {
        "labels": {**(given.get("labels") or {}), **(labels or {})},
        "annotations": {**(given.get("annotations") or {}), **(annotations or {})},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **named,
            "namespace": metadata["namespace"],
            **{field: value for field, value in marks.items() if value},
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": {**template["spec"], **(spec or {})},
    }
    try:
        full = PODS.default(pod)
        check_security(store, full)
        made = store.create(PODS.key, full)
    except ApiError as error:
        record(store, owner, "Warning", "FailedCreate", f"Error creating: {error}", component)
        raise
    record(store, owner, "Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", component)
    return made


def ended(pod: Object) -> bool:
    """Whether the pod's containers have ended for good."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def leaving(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def active(pod: Object) -> bool:
    """Whether a pod counts: neither finished nor on its way out."""
    return not ended(pod) and not leaving(pod)


def ready_since(pod: Object) -> str | None:
    """When the pod became Ready, or None while it is not."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "True":
            return str(condition.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])
    return None


def until_available(pod: Object, patience: float) -> float | None:
    """Seconds until a Ready pod counts as available (0 or less: it does); None while it is not Ready."""
    since = ready_since(pod)
    if since is None:
        return None
    if not patience:
        return 0.0
    age = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds()
    # A time to come means that the clock was set back: nobody should have to wait until it is right again.
    return float(patience - age) if age >= 0 else 0.0


def is_available(pod: Object, patience: float) -> bool:
    wait = until_available(pod, patience)
    return wait is not None and wait <= 0
