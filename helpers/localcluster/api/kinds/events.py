"""Events: short notes about an object, by whoever acted on it."""

from helpers.localcluster.api.humanize import age
from helpers.localcluster.api.resource import Column, Columns, Object, Resource, name_of
from helpers.policies.errors import FieldError, invalid


def _default(obj: Object) -> Object:
    return {"reportingComponent": "", "reportingInstance": "", "source": {}, **obj}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    about = new["involvedObject"].get("namespace", "")
    namespace = new["metadata"].get("namespace", "")
    if about == namespace or (not about and namespace in ("default", "kube-system")):
        return []
    return [invalid("involvedObject.namespace", about, "does not match event.namespace")]


def _cells(obj: Object) -> list[object]:
    about = obj.get("involvedObject", {})
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or obj.get("eventTime")
    return [
        age(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        (obj.get("source") or {}).get("component") or obj.get("reportingComponent", ""),
        (obj.get("message") or "").strip(),
        age(first),
        obj.get("count", 1),
        name_of(obj),
    ]


_ABOUT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
EVENTS = Resource(
    "",
    "v1",
    "events",
    "Event",
    short_names=("ev",),
    field_labels=(
        *(f"involvedObject.{field}" for field in _ABOUT),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    columns=Columns(
        (
            *map(Column, ("Last Seen", "Type", "Reason", "Object")),
            Column("Subobject", wide=True),
            Column("Source", wide=True),
            Column("Message"),
            Column("First Seen", wide=True),
            Column("Count", "integer", wide=True),
            Column("Name", wide=True),
        ),
        _cells,
    ),
    default=_default,
    check=_check,
)
