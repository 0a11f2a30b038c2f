"""How objects end that need time for it: marked first, removed by whoever cleans up after them."""

from datetime import UTC, datetime, timedelta

from helpers.localcluster.api.kinds import PODS
from helpers.localcluster.api.storage.store import Object, Store, now

DEFAULT_GRACE = 30  # seconds, as the API's default for terminationGracePeriodSeconds
LONGEST_GRACE = 86400  # seconds


def remove_pod(store: Store, pod: Object, grace: int | None = None) -> Object | None:
    """Let a pod end within `grace` seconds, by default its own; the pod that remains for now, or None.

    A pod with a process gets time to end it, and the kubelet removes the object then. A second call can only
    shorten the time.
    """
    metadata, spec = pod["metadata"], pod["spec"]
    seconds = spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE) if grace is None else grace
    seconds = max(0, min(seconds, LONGEST_GRACE))
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    if seconds == 0 or ended or not spec.get("nodeName"):
        store.delete(PODS.key, metadata["namespace"], metadata["name"])
        return None
    if metadata.get("deletionTimestamp") and metadata.get("deletionGracePeriodSeconds", 0) <= seconds:
        return pod
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    time = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _mark(store, PODS.key, pod, {"deletionTimestamp": time, "deletionGracePeriodSeconds": seconds})


def begin(store: Store, key: str, obj: Object) -> Object:
    """Say since when the object is being deleted; a finalizer or a controller does the rest."""
    since = obj["metadata"].get("deletionTimestamp") or now()
    return _mark(store, key, obj, {"deletionTimestamp": since})


def _mark(store: Store, key: str, obj: Object, marks: Object) -> Object:
    return store.update(key, {**obj, "metadata": {**obj["metadata"], **marks}})
