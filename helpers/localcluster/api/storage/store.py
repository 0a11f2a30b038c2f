"""What the cluster knows: objects in memory, one revision counter, events to whoever subscribed.

Everything happens on one event loop's thread, so a method's effect is whole
when it returns. The journal brings it to disk; `durable` waits for that.
Objects that the store hands out are shared: build new dicts, never change them.
"""

import logging
import marshal
import random
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from helpers.localcluster.api.errors import ApiError, already_exists, bad_request, conflict, expired, not_found
from helpers.localcluster.api.kinds import CUSTOM_RESOURCE_DEFINITIONS
from helpers.localcluster.api.kinds.customresourcedefinitions import resources_of
from helpers.localcluster.api.registry import Registry
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.storage.journal import Journal, Row

Object = dict[str, Any]

HISTORY = 5000  # events kept for watches that start at an earlier revision
HISTORY_BYTES = 8 * 1024 * 1024  # of their objects, as compact as they get; in memory it is about three times that
# Added at every start: what a client saw of writes that a crash undid must not be given out for others.
REVISION_GAP = 10_000
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, no look-alikes

log = logging.getLogger(__name__)


class Event(NamedTuple):
    """One change. `resource` is the key, `previous` what was there before (None when ADDED)."""

    revision: int
    type: str
    resource: str
    object: Object
    previous: Object | None


Callback = Callable[[Event], None]


class History:
    """The latest events, bounded in number and size; the newest is always kept."""

    def __init__(self) -> None:
        self.oldest = 1
        """The earliest revision that `since` still knows."""
        self._events: deque[tuple[Event, int]] = deque()
        self._size = 0

    def add(self, event: Event) -> None:
        """Keep an event; the oldest go."""
        size = len(marshal.dumps(event.object))  # the quickest way to learn how large it is
        self._events.append((event, size))
        self._size += size
        while len(self._events) > HISTORY or (self._size > HISTORY_BYTES and len(self._events) > 1):
            gone, size = self._events.popleft()
            self._size -= size
            self.oldest = gone.revision

    def since(self, revision: int) -> Iterator[Event]:
        """The events after `revision`. Raises ApiError Expired when they aren't kept any more."""
        if revision < self.oldest:
            raise expired(f"too old resource version: {revision} ({self.oldest})")
        return (event for event, _ in [*self._events] if event.revision > revision)


def now() -> str:
    """The time as Kubernetes writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """The cluster's objects by resource key, namespace and name."""

    def __init__(self, journal: Journal | None = None) -> None:
        """Without a journal nothing is kept; `open` is the usual way."""
        self.revision = 1
        self._journal = journal
        self.kinds = Registry()
        self._objects: defaultdict[str, dict[str, dict[str, Object]]] = defaultdict(dict)
        self._callbacks: dict[object, Callback] = {}
        self._undelivered: deque[Event] = deque()
        self._history = History()

    @classmethod
    def open(cls, path: str | Path) -> "Store":
        """Load the file, or create it. Raises StoreError when it is damaged or in use."""
        journal = Journal(Path(path))
        store = cls(journal)
        try:
            revision, rows = journal.load()
            for row in rows:
                if row.body is not None:
                    store._objects[row.resource].setdefault(row.namespace, {})[row.name] = row.body
            for definition in store.list(CUSTOM_RESOURCE_DEFINITIONS.key):
                store.kinds.define(definition["metadata"]["name"], resources_of(definition))
            store.revision = store._history.oldest = revision + REVISION_GAP
            journal.start(store.revision)
        except BaseException:
            journal.close()
            raise
        return store

    def close(self) -> None:
        """Bring everything to disk and let go of the file."""
        if self._journal:
            self._journal.close()
            self._journal = None

    @property
    def oldest(self) -> int:
        """The earliest revision that `since` still knows."""
        return self._history.oldest

    @property
    def problem(self) -> str | None:
        """Why writes don't reach the disk at present, or None."""
        return self._journal.problem if self._journal else None

    async def durable(self) -> None:
        """Return when all writes so far are on disk. Raises StoreError when the disk refuses them."""
        if self._journal:
            await self._journal.durable()

    def get(self, key: str, namespace: str | None, name: str) -> Object | None:
        return self._objects[key].get(namespace or "", {}).get(name)

    def list(self, key: str, namespace: str | None = None) -> list[Object]:
        """All objects of a resource, or those of one namespace; in no particular order."""
        if namespace:
            return [*self._objects[key].get(namespace, {}).values()]
        return [found for names in self._objects[key].values() for found in names.values()]

    def create(self, key: str, obj: Object, *, dry_run: bool = False) -> Object:
        """Add an object; fills name (from generateName), uid, times, version, generation.

        `dry_run` gives the same answer and keeps nothing. Raises ApiError AlreadyExists.
        """
        resource = self.kinds[key]
        given = obj["metadata"]
        name = given.get("name") or self.generate_name(resource, given)
        if self.get(key, given.get("namespace"), name):
            raise already_exists(resource, name)
        metadata = {"uid": str(uuid.uuid4()), **given, "name": name, "creationTimestamp": now()}
        metadata.pop("resourceVersion", None)
        if resource.counts_generation:
            metadata["generation"] = 1
        new = {**obj, "metadata": metadata}
        return new if dry_run else self._put("ADDED", resource, new, None)

    def update(self, key: str, obj: Object, *, dry_run: bool = False) -> Object:
        """Replace an object; returns what is stored now.

        With metadata.resourceVersion only that version is replaced (ApiError
        Conflict). Identity is kept, generation counts changes of spec, and an
        object that stays the same keeps its resourceVersion. Raises NotFound.
        """
        resource = self.kinds[key]
        given = obj["metadata"]
        name = given["name"]
        old = self.get(key, given.get("namespace"), name)
        if old is None:
            raise not_found(resource, name)
        held = old["metadata"]
        if given.get("uid", held["uid"]) != held["uid"]:
            raise conflict(resource, name, "the object was deleted and created anew")
        if given.get("resourceVersion", held["resourceVersion"]) != held["resourceVersion"]:
            raise conflict(resource, name)
        same = {field: held[field] for field in ("uid", "creationTimestamp", "resourceVersion")}
        metadata = {**given, **same}
        if resource.counts_generation:
            metadata["generation"] = held.get("generation", 1) + (obj.get("spec") != old.get("spec"))
        new = {**obj, "metadata": metadata}
        if new == old:
            return old
        return new if dry_run else self._put("MODIFIED", resource, new, old)

    def update_status(self, key: str, namespace: str | None, name: str, status: Object) -> Object | None:
        """Replace the status alone; generation stays. None if the object is gone."""
        old = self.get(key, namespace, name)
        if old is None or old.get("status") == status:
            return old
        return self._put("MODIFIED", self.kinds[key], {**old, "status": status}, old)

    def delete(self, key: str, namespace: str | None, name: str, *, uid: str | None = None) -> Object | None:
        """Remove an object now; None if it is gone, or is another one than `uid`."""
        old = self.get(key, namespace, name)
        if old is None or uid not in (None, old["metadata"]["uid"]):
            return None
        names = self._objects[key][namespace or ""]
        del names[name]
        if not names:
            del self._objects[key][namespace or ""]
        self.revision += 1
        gone = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.revision)}}
        self._record(Event(self.revision, "DELETED", key, gone, old), None)
        return gone

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` for every event from now on, in order; returns how to unsubscribe.

        Writes made inside a callback are delivered to all after the present event.
        """
        token = object()
        self._callbacks[token] = callback
        return lambda: self._callbacks.pop(token, None) and None

    def since(self, revision: int) -> Iterator[Event]:
        """The events after `revision`. Raises ApiError Expired when they aren't kept any more."""
        return self._history.since(revision)

    def generate_name(self, resource: Resource, metadata: Object) -> str:
        """A free name that begins with metadata.generateName. Raises ApiError."""
        prefix: str = metadata.get("generateName") or ""
        if not prefix:
            raise bad_request("name or generateName is required")
        for _ in range(20):
            name = prefix[:58] + "".join(random.choices(NAME_ALPHABET, k=5))
            if not self.get(resource.key, metadata.get("namespace"), name):
                return name
        raise ApiError(409, "AlreadyExists", f"no free name found for generateName {prefix!r}; try again")

    def _put(self, kind: str, resource: Resource, obj: Object, old: Object | None) -> Object:
        self.revision += 1
        metadata = {**obj["metadata"], "resourceVersion": str(self.revision)}
        new = {**obj, "metadata": metadata}
        self._objects[resource.key].setdefault(metadata.get("namespace", ""), {})[metadata["name"]] = new
        self._record(Event(self.revision, kind, resource.key, new, old), new)
        return new

    def _record(self, event: Event, body: Object | None) -> None:
        metadata = event.object["metadata"]
        if self._journal:
            row = Row(event.resource, metadata.get("namespace", ""), metadata["name"], body)
            self._journal.write(row, event.revision)
        if event.resource == CUSTOM_RESOURCE_DEFINITIONS.key:
            self._redefine(event)
        self._history.add(event)
        self._undelivered.append(event)
        if len(self._undelivered) == 1:  # otherwise a callback wrote this, and the loop below is already running
            self._deliver()

    def _redefine(self, event: Event) -> None:
        """Serve what a CustomResourceDefinition adds, or no more."""
        name = event.object["metadata"]["name"]
        if event.type == "DELETED":
            self.kinds.withdraw(name)
        else:
            self.kinds.define(name, resources_of(event.object))

    def _deliver(self) -> None:
        while self._undelivered:
            for callback in [*self._callbacks.values()]:
                try:
                    callback(self._undelivered[0])
                except Exception:
                    log.exception("a subscriber failed on %s", self._undelivered[0].type)
            self._undelivered.popleft()
