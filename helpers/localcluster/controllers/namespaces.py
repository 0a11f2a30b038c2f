"""Namespaces that are being deleted: emptied first, then removed."""

from collections.abc import Iterable

from helpers.localcluster.api.kinds import NAMESPACES
from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.termination import remove


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
        # Owners first, so that nothing is made anew while the namespace empties.
        kinds = sorted(self._store.kinds.stored(), key=lambda resource: not resource.makes_others)
        content = [resource.key for resource in kinds if resource.namespaced]
        for resource in content:
            for obj in self._store.list(resource, key.name):
                remove(self._store, resource, obj)
        if not any(self._store.list(resource, key.name) for resource in content):
            self._store.delete(NAMESPACES.key, None, key.name)
