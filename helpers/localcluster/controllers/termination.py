"""How a controller takes objects away: pods get their grace period, everything else goes at once."""

from ..api.kinds import PODS
from ..api.store import Object, Store
from ..api.termination import remove_pod


def remove(store: Store, resource: str, obj: Object) -> None:
    metadata = obj["metadata"]
    if resource == PODS.key:
        remove_pod(store, obj)
    else:
        store.delete(resource, metadata.get("namespace"), metadata["name"], uid=metadata["uid"])
