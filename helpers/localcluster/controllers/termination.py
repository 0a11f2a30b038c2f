"""How a controller takes objects away: pods get their grace period, everything else goes at once."""

from helpers.localcluster.api.kinds import PODS
from helpers.localcluster.api.storage.store import Object, Store
from helpers.localcluster.api.termination import remove_pod


def remove(store: Store, resource: str, obj: Object) -> None:
    metadata = obj["metadata"]
    if resource == PODS.key:
        remove_pod(store, obj)
    else:
        store.delete(resource, metadata.get("namespace"), metadata["name"], uid=metadata["uid"])
