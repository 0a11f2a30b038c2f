"""DaemonSets: a pod on every node that takes it, of which the lab has one."""

from collections.abc import Iterable

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import DAEMON_SETS, NODES, PODS
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.api.termination import remove_pod
from helpers.localcluster.controllers import revisions
from helpers.localcluster.controllers.claims import claim, claimants
from helpers.localcluster.controllers.owners import Owners
from helpers.localcluster.controllers.podmaking import active, leaving, make_pod, ready_since, until_available
from helpers.localcluster.controllers.queue import Key

COMPONENT = "daemonset-controller"


class DaemonSets:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == DAEMON_SETS.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == PODS.key:
            yield from claimants(self._store, event, DAEMON_SETS.key)
        elif event.resource == NODES.key:
            for wanted in self._store.list(DAEMON_SETS.key):
                yield Key(wanted["metadata"]["namespace"], wanted["metadata"]["name"])

    def reconcile(self, key: Key) -> float | None:
        wanted = self._store.get(DAEMON_SETS.key, *key)
        if wanted is None or wanted["metadata"].get("deletionTimestamp"):
            return None
        update = revisions.current(self._store, self._owners, wanted)
        pods = claim(self._store, self._owners, wanted, PODS.key)
        self._step(wanted, update, pods)
        return self._report(wanted, update)

    def _step(self, wanted: Object, update: Object, pods: list[Object]) -> None:
        """One pod on each node that fits, none elsewhere, and of the present template."""
        nodes = [node["metadata"]["name"] for node in self._nodes(wanted)]
        free = [*nodes]
        for pod in pods:
            node = _node_of(pod)
            # A pod that is leaving keeps its place until it is gone: two never run side by side.
            if node in free and not self._outdated(wanted, update, pod):
                free.remove(node)
            elif not leaving(pod):
                self._remove(wanted, pod)
                if node in free:
                    free.remove(node)
        label = revisions.label_of(wanted, update)
        for node in free:
            spec = {"nodeName": node}
            template = revisions.template_of(update)
            make_pod(self._store, wanted, template, COMPONENT, labels={revisions.HASH: label}, spec=spec)

    def _outdated(self, wanted: Object, update: Object, pod: Object) -> bool:
        if leaving(pod):
            return False
        if not active(pod):
            return True
        rolls = wanted["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        return rolls and _revision(pod) != revisions.label_of(wanted, update)

    def _nodes(self, wanted: Object) -> list[Object]:
        selector = (wanted["spec"]["template"].get("spec") or {}).get("nodeSelector") or {}
        return [
            node
            for node in self._store.list(NODES.key)
            if selector.items() <= (node["metadata"].get("labels") or {}).items()
        ]

    def _remove(self, wanted: Object, pod: Object) -> None:
        remove_pod(self._store, pod)
        text = f"Deleted pod: {pod['metadata']['name']}"
        record(self._store, wanted, "Normal", "SuccessfulDelete", text, COMPONENT)

    def _report(self, wanted: Object, update: Object) -> float | None:
        nodes = self._nodes(wanted)
        pods = [pod for pod in self._owners.managed(wanted, PODS.key) if active(pod)]
        patience = wanted["spec"].get("minReadySeconds", 0)
        waits = [wait for pod in pods if (wait := until_available(pod, patience)) is not None]
        available = sum(wait <= 0 for wait in waits)
        label = revisions.label_of(wanted, update)
        counts = {
            "updatedNumberScheduled": sum(_revision(pod) == label for pod in pods),
            "numberAvailable": available,
            "numberUnavailable": len(nodes) - available,
        }
        status = {
            "observedGeneration": wanted["metadata"].get("generation", 1),
            "currentNumberScheduled": len(pods),
            "desiredNumberScheduled": len(nodes),
            "numberMisscheduled": 0,
            "numberReady": sum(ready_since(pod) is not None for pod in pods),
            **{field: count for field, count in counts.items() if count},
        }
        metadata = wanted["metadata"]
        self._store.update_status(DAEMON_SETS.key, metadata["namespace"], metadata["name"], status)
        revisions.forget(self._store, self._owners, wanted, {label, *map(_revision, pods)})
        return min((wait for wait in waits if wait > 0), default=None)


def _node_of(pod: Object) -> str:
    return str(pod["spec"].get("nodeName") or "")


def _revision(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.HASH, ""))
