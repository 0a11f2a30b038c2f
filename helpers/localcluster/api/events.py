"""Events: short notes about an object, as `kubectl describe` and `kubectl events` show them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from .resources import EVENTS
from .store import Object, Store, now

KEPT = 1000  # events in the whole cluster; beyond that the oldest go
KEPT_FOR = timedelta(hours=1)


def record(store: Store, obj: Object, type: str, reason: str, message: str, component: str) -> Object:
    """Note something about `obj`; the same note again only raises the count of the first.

    `type` is Normal or Warning, `reason` one CamelCase word, `component` who says it.
    """
    namespace = obj["metadata"].get("namespace") or "default"
    about = _reference(obj)
    # The name follows from what is told, so that the same note is found again without a search.
    told = "\0".join((about["uid"], type, reason, message)).encode()
    name = f"{about['name'][:230]}.{hashlib.blake2b(told, digest_size=8).hexdigest()}"
    old = store.get(EVENTS.key, namespace, name)
    if old is not None:
        return store.update(EVENTS.key, {**old, "count": old["count"] + 1, "lastTimestamp": now()})
    _forget(store)
    time = now()
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


def _forget(store: Store) -> None:
    """Drop the oldest events, in one sweep of a tenth so that it is rare."""
    events = store.list(EVENTS.key)
    if len(events) < KEPT:
        return
    events.sort(key=_last_seen)
    horizon = (datetime.now(UTC) - KEPT_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    for position, event in enumerate(events):
        if position < KEPT // 10 or _last_seen(event) < horizon:
            metadata = event["metadata"]
            store.delete(EVENTS.key, metadata["namespace"], metadata["name"])


def _last_seen(event: Object) -> str:
    return str(event.get("lastTimestamp") or event["metadata"]["creationTimestamp"])
