"""Objects whose CustomResourceDefinition is gone go as well."""

from collections.abc import Iterable

from helpers.localcluster.api.kinds import CUSTOM_RESOURCE_DEFINITIONS
from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.controllers.queue import Key


class CustomObjects:
    def __init__(self, store: Store) -> None:
        self._store = store

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == CUSTOM_RESOURCE_DEFINITIONS.key and event.type == "DELETED":
            yield Key("", event.object["metadata"]["name"])

    def reconcile(self, key: Key) -> None:
        if self._store.get(CUSTOM_RESOURCE_DEFINITIONS.key, None, key.name):
            return
        for obj in self._store.list(key.name):  # a definition is named as the key of its objects
            self._store.delete(key.name, obj["metadata"].get("namespace"), obj["metadata"]["name"])
