"""How a controller takes objects away: pods get their grace period, everything else goes at once."""

from ..api.resources import PODS
from ..api.store import Object, Store, now

DEFAULT_GRACE = 30  # seconds, as the API's default for terminationGracePeriodSeconds


def remove(store: Store, resource: str, obj: Object) -> None:
    metadata = obj["metadata"]
    if resource == PODS.key:
        terminate(store, obj)
    else:
        store.delete(resource, metadata.get("namespace"), metadata["name"], uid=metadata["uid"])


def terminate(store: Store, pod: Object) -> None:
    """Mark a pod as terminating; the kubelet ends its processes and removes the object."""
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        return
    grace = pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE)
    marked = {**metadata, "deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
    store.update(PODS.key, {**pod, "metadata": marked})
