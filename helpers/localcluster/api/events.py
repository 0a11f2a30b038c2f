"""Events: short notes about an object, as `kubectl describe` and `kubectl events` show them."""

from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any
from weakref import WeakKeyDictionary

from helpers.localcluster.api.kinds import EVENTS
from helpers.localcluster.api.storage.store import Object, Store, now

KEPT = 1000  # events in the whole cluster; beyond that the oldest go
KEPT_FOR = timedelta(hours=1)

# What was told -> namespace and name of the event that tells it. What an earlier node has told may be told again.
_known: WeakKeyDictionary[Store, dict[tuple[str, str, str, str], tuple[str, str]]] = WeakKeyDictionary()


def record(store: Store, obj: Object, type: str, reason: str, message: str, component: str) -> Object:
    """Note something about `obj`; the same note again only raises the count of the first.

    `type` is Normal or Warning, `reason` one CamelCase word, `component` who says it.
    """
    namespace = obj["metadata"].get("namespace") or "default"
    about = _reference(obj)
    note = (about["uid"], type, reason, message)
    known = _known.setdefault(store, {})
    old = store.get(EVENTS.key, *known[note]) if note in known else None
    if old is not None:
        return store.update(EVENTS.key, {**old, "count": old["count"] + 1, "lastTimestamp": now()})
    make_room(store)
    name, time = _free_name(store, namespace, about["name"]), now()
    known[note] = (namespace, name)
    return store.create(
        EVENTS.key,
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": about,
            "type": type,
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
            "eventTime": None,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        },
    )


def _free_name(store: Store, namespace: str, about: str) -> str:
    """A name that sorts by time, so that events of the same second are listed as they came."""
    stamp = time_ns()
    while store.get(EVENTS.key, namespace, f"{about[:230]}.{stamp:x}"):
        stamp += 1
    return f"{about[:230]}.{stamp:x}"


def _reference(obj: Object) -> dict[str, Any]:
    metadata = obj["metadata"]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "uid": metadata.get("uid", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
    }


def make_room(store: Store) -> None:
    """Before another event comes: drop the oldest, in one sweep of a tenth so that it is rare."""
    events = store.list(EVENTS.key)
    if len(events) < KEPT:
        return
    # By the counter of versions: a clock that was set back would make the newest the oldest.
    events.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
    known = _known.get(store, {})
    for note in [note for note, place in known.items() if store.get(EVENTS.key, *place) is None]:
        del known[note]
    horizon = (datetime.now(UTC) - KEPT_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    for position, event in enumerate(events):
        if position < KEPT // 10 or _last_seen(event) < horizon:
            metadata = event["metadata"]
            store.delete(EVENTS.key, metadata["namespace"], metadata["name"])


def _last_seen(event: Object) -> str:
    return str(event.get("lastTimestamp") or event["metadata"]["creationTimestamp"])
