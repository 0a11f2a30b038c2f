"""StatefulSets: pods with names that stay, made and replaced one after the other."""

from collections.abc import Iterable

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import PODS, STATEFUL_SETS
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.api.termination import remove_pod
from helpers.localcluster.controllers import revisions
from helpers.localcluster.controllers.claims import claim, claimants
from helpers.localcluster.controllers.owners import Owners
from helpers.localcluster.controllers.podmaking import (
    active,
    ended,
    is_available,
    leaving,
    make_pod,
    ready_since,
    until_available,
)
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.rollout import replicas

COMPONENT = "statefulset-controller"
POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"


class StatefulSets:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == STATEFUL_SETS.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == PODS.key:
            yield from claimants(self._store, event, STATEFUL_SETS.key)

    def reconcile(self, key: Key) -> float | None:
        wanted = self._store.get(STATEFUL_SETS.key, *key)
        if wanted is None or wanted["metadata"].get("deletionTimestamp"):
            return None
        claim(self._store, self._owners, wanted, PODS.key)
        update = revisions.current(self._store, self._owners, wanted)
        self._step(wanted, update)
        return self._report(wanted, update)

    def _step(self, wanted: Object, update: Object) -> None:
        """Do what can be done now; the pods' events call again."""
        pods = self._by_ordinal(wanted)
        first = (wanted["spec"].get("ordinals") or {}).get("start", 0)
        places = range(first, first + replicas(wanted))
        ordered = wanted["spec"].get("podManagementPolicy") != "Parallel"
        if self._fill(wanted, update, pods, places, ordered):
            return
        surplus = [pods[place] for place in sorted(pods, reverse=True) if place not in places]
        for pod in surplus[:1] if ordered else surplus:
            self._remove(wanted, pod)
        if not surplus:
            self._replace(wanted, update, [pods[place] for place in sorted(pods, reverse=True)])

    def _fill(self, wanted: Object, update: Object, pods: dict[int, Object], places: range, ordered: bool) -> bool:
        """Make the pods that are missing; whether a place has to be waited for."""
        patience = wanted["spec"].get("minReadySeconds", 0)
        for place in places:
            pod = pods.get(place)
            if pod is None:
                self._make(wanted, update, place)
            elif ended(pod) and not leaving(pod):
                self._remove(wanted, pod)
            elif active(pod) and is_available(pod, patience):
                continue
            if ordered:
                return True
        return False

    def _replace(self, wanted: Object, update: Object, pods: list[Object]) -> None:
        """Let the pod of an earlier template go that is the last in order; its successor must be Ready first."""
        strategy = wanted["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        first = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for pod in pods:
            if _ordinal(wanted, pod) < first:
                return
            if _revision(pod) != update["metadata"]["name"]:
                self._remove(wanted, pod)
                return
            if ready_since(pod) is None:
                return

    def _make(self, wanted: Object, update: Object, place: int) -> None:
        revision = self._revision_for(wanted, update, place)
        name = f"{wanted['metadata']['name']}-{place}"
        labels = {POD_NAME: name, POD_INDEX: str(place), revisions.HASH: revision["metadata"]["name"]}
        spec: Object = {"hostname": name}
        if wanted["spec"].get("serviceName"):
            spec["subdomain"] = wanted["spec"]["serviceName"]
        template = revisions.template_of(revision)
        make_pod(self._store, wanted, template, COMPONENT, name=name, labels=labels, spec=spec)

    def _revision_for(self, wanted: Object, update: Object, place: int) -> Object:
        """Below the partition pods keep the revision before the present one."""
        rolling = wanted["spec"]["updateStrategy"].get("rollingUpdate") or {}
        held = (wanted.get("status") or {}).get("currentRevision")
        if place >= rolling.get("partition", 0):
            return update
        known = revisions.all_of(self._owners, wanted)
        return next((item for item in known if item["metadata"]["name"] == held), update)

    def _remove(self, wanted: Object, pod: Object) -> None:
        if leaving(pod):
            return
        remove_pod(self._store, pod)
        text = f"delete Pod {pod['metadata']['name']} in StatefulSet {wanted['metadata']['name']} successful"
        record(self._store, wanted, "Normal", "SuccessfulDelete", text, COMPONENT)

    def _by_ordinal(self, wanted: Object) -> dict[int, Object]:
        held = self._owners.managed(wanted, PODS.key)
        return {place: pod for pod in held if (place := _ordinal(wanted, pod)) >= 0}

    def _report(self, wanted: Object, update: Object) -> float | None:
        pods = [pod for pod in self._by_ordinal(wanted).values() if not ended(pod)]
        name, held = update["metadata"]["name"], wanted.get("status") or {}
        updated = [pod for pod in pods if _revision(pod) == name]
        current = held.get("currentRevision") or name
        if len(updated) == len(pods) == replicas(wanted) and all(map(ready_since, pods)):
            current = name
        patience = wanted["spec"].get("minReadySeconds", 0)
        waits = [wait for pod in pods if (wait := until_available(pod, patience)) is not None]
        counts = {
            "readyReplicas": len(waits),
            "currentReplicas": sum(_revision(pod) == current for pod in pods),
            "updatedReplicas": len(updated),
        }
        status = {
            "observedGeneration": wanted["metadata"].get("generation", 1),
            "replicas": len(pods),
            **{field: count for field, count in counts.items() if count},
            "availableReplicas": sum(wait <= 0 for wait in waits),
            "currentRevision": current,
            "updateRevision": name,
            "collisionCount": 0,
        }
        metadata = wanted["metadata"]
        self._store.update_status(STATEFUL_SETS.key, metadata["namespace"], metadata["name"], status)
        revisions.forget(self._store, self._owners, wanted, {current, name, *map(_revision, pods)})
        return min((wait for wait in waits if wait > 0), default=None)


def _ordinal(wanted: Object, pod: Object) -> int:
    """The number at the end of the pod's name; -1 for a pod with another name."""
    name, _, number = str(pod["metadata"]["name"]).rpartition("-")
    return int(number) if name == wanted["metadata"]["name"] and number.isdigit() else -1


def _revision(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.HASH, ""))
