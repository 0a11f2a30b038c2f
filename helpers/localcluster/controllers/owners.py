"""Who owns whom, and the collection of what lost its owner."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.termination import remove


class Dependent(NamedTuple):
    """An owned object by resource key, namespace and name."""

    resource: str
    namespace: str
    name: str


def owner_uids(obj: Object) -> list[str]:
    return [owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()]


def controller_of(obj: Object) -> Object | None:
    """The owner reference of the object that manages this one, or None."""
    return next((owner for owner in obj["metadata"].get("ownerReferences") or () if owner.get("controller")), None)


def owner_reference(owner: Object) -> Object:
    """What goes into `ownerReferences` of an object that `owner` manages."""
    metadata = owner["metadata"]
    named = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {**named, "controller": True, "blockOwnerDeletion": True}


class Owners:
    """An index from an owner's uid to what it owns, kept up to date by the store's events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owned: dict[str, dict[Dependent, None]] = {}
        for resource in store.kinds.stored():
            for obj in store.list(resource.key):
                self._add(resource.key, obj)

    def on_event(self, event: Event) -> None:
        if event.previous is not None and event.type != "ADDED":
            for uid in owner_uids(event.previous):
                self._owned.get(uid, {}).pop(_dependent(event.resource, event.object), None)
                if not self._owned.get(uid, True):
                    del self._owned[uid]
        if event.type != "DELETED":
            self._add(event.resource, event.object)

    def dependents(self, uid: str) -> list[Dependent]:
        return [*self._owned.get(uid, ())]

    def uids(self) -> Iterator[str]:
        """Every uid that something names as its owner."""
        yield from [*self._owned]

    def managed(self, owner: Object, resource: str) -> list[Object]:
        """The objects of one kind that `owner` owns, oldest first."""
        found = [self._store.get(*item) for item in self.dependents(owner["metadata"]["uid"]) if item[0] == resource]
        return [obj for obj in found if obj is not None]

    def _add(self, resource: str, obj: Object) -> None:
        for uid in owner_uids(obj):
            self._owned.setdefault(uid, {})[_dependent(resource, obj)] = None


def _dependent(resource: str, obj: Object) -> Dependent:
    return Dependent(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


class GarbageCollector:
    """Deletes objects whose owners are all gone. A key's name is the uid of an owner that went."""

    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.type == "DELETED":
            yield Key("", event.object["metadata"]["uid"])

    def first_look(self) -> Iterator[Key]:
        """Every owner that something names: a crash may have come between an owner's end and its dependents'."""
        return (Key("", uid) for uid in self._owners.uids())

    def reconcile(self, key: Key) -> None:
        for dependent in self._owners.dependents(key.name):
            obj = self._store.get(*dependent)
            if obj is not None and not any(self._lives(obj, owner) for owner in obj["metadata"]["ownerReferences"]):
                remove(self._store, dependent.resource, obj)

    def _lives(self, dependent: Object, reference: Object) -> bool:
        resource = self._store.kinds.of(reference["apiVersion"], reference["kind"])
        if resource is None or resource.refusal:
            return False
        namespace = dependent["metadata"].get("namespace") if resource.namespaced else None
        owner = self._store.get(resource.key, namespace, reference["name"])
        return owner is not None and bool(owner["metadata"]["uid"] == reference["uid"])
