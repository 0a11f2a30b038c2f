"""The picture of the cluster that connections are judged with: an immutable `World`, renewed when it is stale.

Events only mark it stale; the next judgement renews it. So a policy counts from
the first connection after it was stored, and a burst of events costs one renewal.
"""

from collections.abc import Callable
from typing import Any

from helpers.policies import World

from .directory import Change, ObjectStore

Object = dict[str, Any]
POLICIES = "networkpolicies.networking.k8s.io"
_PLACES = ("pods", "namespaces")


class Snapshot:
    """The current World, and word of its changes."""

    def __init__(self, store: ObjectStore, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._world: World | None = None
        self._policies_stale = False

    def notice(self, event: Change) -> None:
        """Take in one event of the store; calls `changed` if verdicts may differ from now on."""
        if event.resource == POLICIES:
            self._policies_stale = True
        elif event.resource in _PLACES and _matters(event):
            self._world = None
        else:
            return
        self._changed()

    @property
    def world(self) -> World:
        """The cluster as the store has it now."""
        if self._world is None:
            objects = [item for key in (*_PLACES, POLICIES) for item in self._store.list(key)]
            self._world = World.of(objects)
        elif self._policies_stale:
            self._world = self._world.replace_policies(self._store.list(POLICIES))
        self._policies_stale = False
        return self._world


def _matters(event: Change) -> bool:
    """Whether a judgement can see the difference: most writes to a pod only move its status."""
    if event.type != "MODIFIED" or event.previous is None:
        return True
    return _seen(event.object) != _seen(event.previous)


def _seen(item: Object) -> tuple[object, ...]:
    """What judging looks at in a Pod or a Namespace."""
    status = item.get("status") or {}
    spec = item.get("spec") or {}
    ports = [container.get("ports") for container in spec.get("containers") or ()]
    return (item["metadata"].get("labels"), status.get("podIP"), status.get("podIPs"),
            status.get("phase") in ("Succeeded", "Failed"), ports)
