"""The templates that a StatefulSet or DaemonSet has had, one ControllerRevision each: for rollouts and undoing them."""

from helpers.localcluster.api.kinds import CONTROLLER_REVISIONS
from helpers.localcluster.api.storage.store import Object, Store
from helpers.localcluster.controllers.owners import Owners, owner_reference
from helpers.localcluster.controllers.rollout import template_hash

HASH = "controller-revision-hash"
HISTORY = 10  # default of revisionHistoryLimit


def current(store: Store, owners: Owners, owner: Object) -> Object:
    """The revision of the present template, with the highest number; made if there is none."""
    held = all_of(owners, owner)
    data = {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}
    found = next((item for item in held if item["data"] == data), None)
    number = max((item["revision"] for item in held if item is not found), default=0) + 1
    if found is None:
        return store.create(CONTROLLER_REVISIONS.key, _made(owner, data, number))
    if found["revision"] < number - 1:
        return store.update(CONTROLLER_REVISIONS.key, {**found, "revision": number})
    return found


def _made(owner: Object, data: Object, number: int) -> Object:
    template, metadata = owner["spec"]["template"], owner["metadata"]
    hash = template_hash(template)
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH: hash}
    return {
        "apiVersion": CONTROLLER_REVISIONS.group_version,
        "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {
            "name": f"{metadata['name']}-{hash}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(owner)],
        },
        "data": data,
        "revision": number,
    }


def all_of(owners: Owners, owner: Object) -> list[Object]:
    return sorted(owners.managed(owner, CONTROLLER_REVISIONS.key), key=lambda item: int(item["revision"]))


def template_of(revision: Object) -> Object:
    """The template that the revision keeps."""
    return {name: value for name, value in revision["data"]["spec"]["template"].items() if name != "$patch"}


def label_of(owner: Object, revision: Object) -> str:
    """What pods of this revision carry as their HASH: a StatefulSet's whole revision name, a DaemonSet's hash."""
    name = str(revision["metadata"]["name"])
    return name if owner["kind"] == "StatefulSet" else name.rpartition("-")[2]


def forget(store: Store, owners: Owners, owner: Object, used: set[str]) -> None:
    """Remove the oldest revisions beyond the history limit, but for those whose label is `used`."""
    idle = [item for item in all_of(owners, owner) if label_of(owner, item) not in used]
    keep = owner["spec"].get("revisionHistoryLimit", HISTORY)
    for item in idle[: max(0, len(idle) - keep)]:
        store.delete(CONTROLLER_REVISIONS.key, item["metadata"]["namespace"], item["metadata"]["name"])
