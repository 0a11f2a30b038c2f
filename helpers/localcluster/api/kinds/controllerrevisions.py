"""ControllerRevisions: the earlier templates of StatefulSets and DaemonSets, for `kubectl rollout undo`."""

from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, name_of


def _cells(obj: Object) -> list[object]:
    owners = obj["metadata"].get("ownerReferences") or ()
    owner = next((f"{item['kind'].lower()}.apps/{item['name']}" for item in owners if item.get("controller")), NONE)
    return [name_of(obj), owner, obj.get("revision", 0), age_of(obj)]


CONTROLLER_REVISIONS = Resource(
    "apps",
    "v1",
    "controllerrevisions",
    "ControllerRevision",
    columns=Columns((NAME, Column("Controller"), Column("Revision", "integer"), AGE), _cells),
)
