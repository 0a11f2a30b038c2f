"""Namespaces that are being deleted: emptied first, then removed."""

from collections.abc import Iterable

from ..api.resources import DEPLOYMENTS, NAMESPACES, REPLICA_SETS, RESOURCES
from ..api.store import Event, Store
from .queue import Key
from .termination import remove

# Owners first, so that nothing is made anew while the namespace empties.
_ORDER = [DEPLOYMENTS.key, REPLICA_SETS.key]
_CONTENT = _ORDER + [
    key for key, resource in RESOURCES.items() if resource.namespaced and not resource.virtual and key not in _ORDER
]


class Namespaces:
    def __init__(self, store: Store) -> None:
        self._store = store

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == NAMESPACES.key and event.type != "DELETED":
            yield Key("", event.object["metadata"]["name"])
        elif event.type == "DELETED" and (namespace := event.object["metadata"].get("namespace")):
            yield Key("", namespace)

    def reconcile(self, key: Key) -> None:
        namespace = self._store.get(NAMESPACES.key, None, key.name)
        if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
            return
        for resource in _CONTENT:
            for obj in self._store.list(resource, key.name):
                remove(self._store, resource, obj)
        if not any(self._store.list(resource, key.name) for resource in _CONTENT):
            self._store.delete(NAMESPACES.key, None, key.name)
