"""Deployments: one ReplicaSet for each version of the template, replaced step by step."""

from collections.abc import Iterable

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import DEPLOYMENTS, PODS, REPLICA_SETS
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.controllers.claims import claim, claimants
from helpers.localcluster.controllers.owners import Owners, controller_of, owner_reference
from helpers.localcluster.controllers.progress import conditions, seconds_to_deadline
from helpers.localcluster.controllers.queue import Key
from helpers.localcluster.controllers.rollout import (
    HASH_LABEL,
    REVISION,
    carried_annotations,
    grown,
    limits,
    replicas,
    revision,
    shrinkable,
    template_hash,
    with_hash,
    without_hash,
)

COMPONENT = "deployment-controller"
HISTORY = 10  # default of revisionHistoryLimit


class Deployments:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners

    def affected(self, event: Event) -> Iterable[Key]:
        if event.resource == DEPLOYMENTS.key and event.type != "DELETED":
            yield Key(event.object["metadata"]["namespace"], event.object["metadata"]["name"])
        elif event.resource == REPLICA_SETS.key:
            yield from claimants(self._store, event, DEPLOYMENTS.key)
        elif event.resource == PODS.key and event.type == "DELETED":
            # Recreate waits for the last old pod to be gone, which changes no ReplicaSet's status.
            yield from self._above(event.object)

    def _above(self, pod: Object) -> Iterable[Key]:
        """The Deployment that a pod belongs to through its ReplicaSet."""
        owner, namespace = controller_of(pod), pod["metadata"]["namespace"]
        middle = self._store.get(REPLICA_SETS.key, namespace, owner["name"]) if owner else None
        top = controller_of(middle) if middle else None
        if top and top["kind"] == "Deployment":
            yield Key(namespace, top["name"])

    def reconcile(self, key: Key) -> float | None:
        deployment = self._store.get(DEPLOYMENTS.key, *key)
        if deployment is None or deployment["metadata"].get("deletionTimestamp"):
            return None
        claim(self._store, self._owners, deployment, REPLICA_SETS.key)
        sets = self._sets(deployment)
        current = _current(deployment, sets)
        if deployment["spec"].get("paused"):
            self._rescale_paused(deployment, current, sets)
        else:
            current = self._ensure_current(deployment, current, sets)
            deployment = self._store.get(DEPLOYMENTS.key, *key) or deployment
            self._step(deployment, current, [item for item in sets if item is not current])
            self._forget(deployment, current)
        return self._report(deployment, current)

    def _sets(self, deployment: Object) -> list[Object]:
        return sorted(self._owners.managed(deployment, REPLICA_SETS.key), key=revision)

    def _ensure_current(self, deployment: Object, current: Object | None, sets: list[Object]) -> Object:
        """The ReplicaSet of the present template, with the highest revision; made if there is none."""
        newest = max((revision(item) for item in sets if item is not current), default=0)
        number = newest + 1 if current is None or revision(current) <= newest else revision(current)
        annotations = carried_annotations(deployment, number)
        if current is None:
            current = self._store.create(REPLICA_SETS.key, _new_set(deployment, annotations))
        else:
            metadata = {**current["metadata"], "annotations": annotations}
            kept = {field: value for field, value in current["spec"].items() if field != "minReadySeconds"}
            spec = {**kept, **_patience(deployment)}
            current = self._store.update(REPLICA_SETS.key, {**current, "metadata": metadata, "spec": spec})
        if revision(deployment) != number:
            noted = {**(deployment["metadata"].get("annotations") or {}), REVISION: str(number)}
            metadata = {**deployment["metadata"], "annotations": noted}
            self._store.update(DEPLOYMENTS.key, {**deployment, "metadata": metadata})
        return current

    def _step(self, deployment: Object, current: Object, olds: list[Object]) -> None:
        strategy = (deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate")
        if strategy == "Recreate":
            self._recreate(deployment, current, olds)
        else:
            self._roll(deployment, current, olds)

    def _recreate(self, deployment: Object, current: Object, olds: list[Object]) -> None:
        for old in olds:
            self._scale(deployment, old, 0)
        # A terminating pod is in no count any more, but its process may still run.
        if not any(self._owners.managed(old, PODS.key) for old in olds):
            self._scale(deployment, current, replicas(deployment))

    def _roll(self, deployment: Object, current: Object, olds: list[Object]) -> None:
        wanted = replicas(deployment)
        surge, unavailable = limits(deployment)
        now = replicas(current)
        total = now + sum(map(replicas, olds))
        target = wanted if now > wanted else grown(wanted, surge, now, total)
        self._scale(deployment, current, target)
        not_ready = max(0, now - _available(current))
        spare = shrinkable(wanted, unavailable, total, not_ready)
        # Old pods that never became available protect nobody: they go first.
        for old in olds:
            dead = min(spare, max(0, replicas(old) - _available(old)))
            spare -= dead
            old = self._scale(deployment, old, replicas(old) - dead)
            healthy_surplus = _available(current) + sum(map(_available, olds)) - (wanted - unavailable)
            gone = max(0, min(spare, replicas(old), healthy_surplus))
            spare -= gone
            self._scale(deployment, old, replicas(old) - gone)

    def _rescale_paused(self, deployment: Object, current: Object | None, sets: list[Object]) -> None:
        """While paused only the number of pods follows the Deployment, in the set that has most of them."""
        active = max(sets, key=replicas, default=current)
        if active is not None:
            others = sum(replicas(item) for item in sets if item is not active)
            self._scale(deployment, active, max(0, replicas(deployment) - others))

    def _scale(self, deployment: Object, item: Object, target: int) -> Object:
        before = replicas(item)
        if before == target:
            return item
        item = self._store.update(REPLICA_SETS.key, {**item, "spec": {**item["spec"], "replicas": target}})
        direction = "up" if target > before else "down"
        text = f"Scaled {direction} replica set {item['metadata']['name']} from {before} to {target}"
        record(self._store, deployment, "Normal", "ScalingReplicaSet", text, COMPONENT)
        return item

    def _forget(self, deployment: Object, current: Object) -> None:
        """Remove the oldest ReplicaSets beyond the history limit."""
        keep = deployment["spec"].get("revisionHistoryLimit", HISTORY)
        name = current["metadata"]["name"]
        others = [item for item in self._sets(deployment) if item["metadata"]["name"] != name]
        idle = [item for item in others if not replicas(item) and not (item.get("status") or {}).get("replicas")]
        for item in idle[: max(0, len(idle) - keep)]:
            self._store.delete(REPLICA_SETS.key, item["metadata"]["namespace"], item["metadata"]["name"])

    def _report(self, deployment: Object, current: Object | None) -> float | None:
        sets = self._sets(deployment)
        current = _current(deployment, sets)
        status = _status(deployment, current, sets)
        status["conditions"] = conditions(deployment, current, status)
        metadata = deployment["metadata"]
        self._store.update_status(DEPLOYMENTS.key, metadata["namespace"], metadata["name"], status)
        return seconds_to_deadline(deployment, status)


def _current(deployment: Object, sets: list[Object]) -> Object | None:
    """The ReplicaSet that was made from the present template; the newest, should two be."""
    template = without_hash(deployment["spec"]["template"])
    return next((item for item in reversed(sets) if without_hash(item["spec"]["template"]) == template), None)


def _new_set(deployment: Object, annotations: dict[str, str]) -> Object:
    metadata, spec = deployment["metadata"], deployment["spec"]
    hash = template_hash(spec["template"])
    template = with_hash(spec["template"], hash)
    selector = spec["selector"]
    return {
        "apiVersion": REPLICA_SETS.group_version,
        "kind": REPLICA_SETS.kind,
        "metadata": {
            "name": f"{metadata['name']}-{hash}",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            **_patience(deployment),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: hash}},
            "template": template,
        },
        "status": {"replicas": 0},
    }


def _patience(deployment: Object) -> Object:
    """What a ReplicaSet takes over of how long a pod must be Ready before it counts."""
    seconds = deployment["spec"].get("minReadySeconds")
    return {"minReadySeconds": seconds} if seconds else {}


def _available(item: Object) -> int:
    return int((item.get("status") or {}).get("availableReplicas", 0))


def _status(deployment: Object, current: Object | None, sets: list[Object]) -> Object:
    def total(field: str) -> int:
        return sum((item.get("status") or {}).get(field, 0) for item in sets)

    available = total("availableReplicas")
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": ((current or {}).get("status") or {}).get("replicas", 0),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(replicas(deployment), total("replicas")) - available),
    }
    observed = {"observedGeneration": deployment["metadata"].get("generation", 1)}
    return {**observed, **{name: count for name, count in counts.items() if count}}
