"""ReplicaSets: as many pods as asked for, made from one template."""

from collections.abc import Iterable

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import PODS, REPLICA_SETS
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.api.termination import remove_pod
from helpers.localcluster.controllers.claims import claim, claimants
from helpers.localcluster.controllers.owners import Owners
from helpers.localcluster.controllers.podmaking import active, make_pod, ready_since, until_available
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.rollout import replicas

COMPONENT = "replicaset-controller"
BURST = 50  # pods in one go; the event loop serves others in between


class ReplicaSets:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == REPLICA_SETS.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == PODS.key:
            yield from claimants(self._store, event, REPLICA_SETS.key)

    def reconcile(self, key: Key) -> float | None:
        wanted = self._store.get(REPLICA_SETS.key, *key)
        if wanted is None:
            return None
        more = False
        if wanted["metadata"].get("deletionTimestamp"):
            pods = self._owners.managed(wanted, PODS.key)
        else:
            pods = claim(self._store, self._owners, wanted, PODS.key)
            more = self._scale(wanted, [pod for pod in pods if active(pod)])
            pods = self._owners.managed(wanted, PODS.key)
        wait = self._report(wanted, [pod for pod in pods if active(pod)])
        return 0 if more else wait

    def _scale(self, wanted: Object, pods: list[Object]) -> bool:
        """Create or delete what differs, a burst at a time; whether more is to do."""
        missing = replicas(wanted) - len(pods)
        for _ in range(min(missing, BURST)):
            make_pod(self._store, wanted, wanted["spec"]["template"], COMPONENT)
        if missing < 0:
            for pod in sorted(pods, key=_worth)[: min(-missing, BURST)]:
                remove_pod(self._store, pod)
                name = pod["metadata"]["name"]
                record(self._store, wanted, "Normal", "SuccessfulDelete", f"Deleted pod: {name}", COMPONENT)
        return abs(missing) > BURST

    def _report(self, wanted: Object, pods: list[Object]) -> float | None:
        patience = wanted["spec"].get("minReadySeconds", 0)
        waits = [wait for pod in pods if (wait := until_available(pod, patience)) is not None]
        labels = (wanted["spec"]["template"].get("metadata") or {}).get("labels") or {}
        labelled = [pod for pod in pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()]
        counts = {
            "fullyLabeledReplicas": len(labelled),
            "readyReplicas": len(waits),
            "availableReplicas": sum(wait <= 0 for wait in waits),
        }
        status = {
            "observedGeneration": wanted["metadata"].get("generation", 1),
            "replicas": len(pods),
            **{name: count for name, count in counts.items() if count},
        }
        metadata = wanted["metadata"]
        self._store.update_status(REPLICA_SETS.key, metadata["namespace"], metadata["name"], status)
        return min((wait for wait in waits if wait > 0), default=None)


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Sorts pods from the first to give up to the last: not running, not Ready, youngest."""
    running = (pod.get("status") or {}).get("phase") == "Running"
    # A later time must sort first, and the times are text: invert each digit.
    age = pod["metadata"]["creationTimestamp"].translate(str.maketrans("0123456789", "9876543210"))
    return running, ready_since(pod) is not None, age
