"""The picture of the cluster that connections are judged with: an immutable `World`, renewed when it is stale.

Events only note what is stale; the next judgement renews it. So a policy counts
from the first connection after it was stored, a burst of events costs one
renewal, and of many pods only those that have changed are read again.
"""

from collections.abc import Callable
from typing import Any

from helpers.localcluster.dataplane.directory import Change, ObjectStore
from helpers.policies import Pod, World

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace and name."""

POLICIES = "networkpolicies.networking.k8s.io"


class Snapshot:
    """The current World, and word of its changes."""

    def __init__(self, store: ObjectStore, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._world: World | None = None
        self._running: dict[Key, Pod] = {}
        self._ended: dict[Key, Pod] = {}
        self._stale_pods: set[Key] = set()
        self._stale_policies = False

    def notice(self, event: Change) -> None:
        """Take in one event of the store; calls `changed` if verdicts may differ from now on."""
        if event.resource == "pods" and _matters(event):
            self._stale_pods.add(_key(event.object))
        elif event.resource == POLICIES:
            self._stale_policies = True
        elif event.resource == "namespaces" and _matters(event):
            self._world = None
        else:
            return
        self._changed()

    @property
    def world(self) -> World:
        """The cluster as the store has it now."""
        world = self._world
        if world is None:
            world = self._everything()
        if self._stale_pods:
            world = self._with_changed_pods(world)
        if self._stale_policies:
            world = world.replace_policies(self._store.list(POLICIES))
        self._stale_pods.clear()
        self._stale_policies = False
        self._world = world
        return world

    def _everything(self) -> World:
        world = World.of([item for key in ("namespaces", "pods", POLICIES) for item in self._store.list(key)])
        self._running = {(pod.namespace, pod.name): pod for pod in world.pods}
        self._ended = {(pod.namespace, pod.name): pod for pod in world.ended}
        self._stale_pods.clear()
        self._stale_policies = False
        return world

    def _with_changed_pods(self, world: World) -> World:
        """The same world, but for the pods that have come, changed or gone."""
        held = [self._store.get("pods", *key) for key in self._stale_pods]
        for key in self._stale_pods:
            self._running.pop(key, None)
            self._ended.pop(key, None)
        changed = World.of([pod for pod in held if pod is not None])
        self._running.update({(pod.namespace, pod.name): pod for pod in changed.pods})
        self._ended.update({(pod.namespace, pod.name): pod for pod in changed.ended})
        return World(
            tuple(self._running.values()),
            world.namespaces,
            world.policies,
            (),
            tuple(self._ended.values()),
            world.problems,
        )


def _key(item: Object) -> Key:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _matters(event: Change) -> bool:
    """Whether a judgement can see the difference: most writes to a pod only move its status."""
    if event.type != "MODIFIED" or event.previous is None:
        return True
    return _seen(event.object) != _seen(event.previous)


def _seen(item: Object) -> tuple[object, ...]:
    """What judging looks at in a Pod or a Namespace, and what can change: a pod's ports can't."""
    status = item.get("status") or {}
    return (
        item["metadata"].get("labels"),
        (item.get("spec") or {}).get("nodeName"),
        status.get("podIP"),
        status.get("podIPs"),
        status.get("hostIPs"),
        status.get("phase") in ("Succeeded", "Failed"),
    )
