"""Which objects a controller counts as its own: labels decide, and owner references say so."""

from collections.abc import Iterator

from helpers.localcluster.api.requests.selectors import matches
from helpers.localcluster.api.storage.store import Event, Object, Store
from helpers.localcluster.controllers.owners import Owners, controller_of, owner_reference
from helpers.localcluster.controllers.queue import Key


def claim(store: Store, owners: Owners, owner: Object, resource: str) -> list[Object]:
    """The objects of `resource` that `owner` manages from now on, oldest first.

    What its selector doesn't select any more is let go, so that a relabelled pod can be looked at
    in peace while another takes its place; what it selects and nobody manages is taken.
    """
    selector = owner["spec"]["selector"]
    for held in owners.managed(owner, resource):
        if controller_of(held) and not _leaves(held) and not matches(selector, held["metadata"].get("labels")):
            _release(store, owner, resource, held)
    for obj in store.list(resource, owner["metadata"]["namespace"]):
        if controller_of(obj) is None and not _leaves(obj) and matches(selector, obj["metadata"].get("labels")):
            references = [*(obj["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
            store.update(resource, {**obj, "metadata": {**obj["metadata"], "ownerReferences": references}})
    uid = owner["metadata"]["uid"]
    return [obj for obj in owners.managed(owner, resource) if (controller_of(obj) or {}).get("uid") == uid]


def claimants(store: Store, event: Event, resource: str) -> Iterator[Key]:
    """The owners of kind `resource` that an event of a dependent concerns: its controller, now or before, or takers."""
    kind = store.kinds[resource].kind
    namespace = event.object["metadata"]["namespace"]
    versions = [event.object] if event.previous is None else [event.object, event.previous]
    for reference in filter(None, map(controller_of, versions)):
        if reference["kind"] == kind:
            yield Key(namespace, reference["name"])
    if event.type != "DELETED" and controller_of(event.object) is None:
        labels = event.object["metadata"].get("labels")
        for owner in store.list(resource, namespace):
            if matches(owner["spec"]["selector"], labels):
                yield Key(namespace, owner["metadata"]["name"])


def _leaves(obj: Object) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def _release(store: Store, owner: Object, resource: str, held: Object) -> None:
    uid = owner["metadata"]["uid"]
    rest = [reference for reference in held["metadata"]["ownerReferences"] if reference["uid"] != uid]
    metadata = {name: value for name, value in held["metadata"].items() if name != "ownerReferences"}
    store.update(resource, {**held, "metadata": {**metadata, **({"ownerReferences": rest} if rest else {})}})
