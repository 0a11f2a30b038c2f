"""Nodes. The lab has one, which can be read, labelled and cordoned."""

from helpers.localcluster.api.resource import (
    AGE,
    NAME,
    NONE,
    Column,
    Columns,
    Object,
    Resource,
    age_of,
    join,
    name_of,
    wide,
)

ROLE = "node-role.kubernetes.io/"


def _cells(obj: Object) -> list[object]:
    held = obj.get("status", {})
    info = held.get("nodeInfo", {})
    addresses = {item["type"]: item["address"] for item in held.get("addresses") or ()}
    labels = obj["metadata"].get("labels") or {}
    roles = join(sorted(label.removeprefix(ROLE) for label in labels if label.startswith(ROLE)))
    ready = next((item["status"] for item in held.get("conditions") or () if item["type"] == "Ready"), "Unknown")
    state = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    if obj.get("spec", {}).get("unschedulable"):
        state += ",SchedulingDisabled"
    more = [addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE)]
    more += [info.get(field, "<unknown>") for field in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    return [name_of(obj), state, roles, age_of(obj), info.get("kubeletVersion", ""), *more]


NODES = Resource(
    "",
    "v1",
    "nodes",
    "Node",
    namespaced=False,
    short_names=("no",),
    subresources=("status",),
    field_labels=("spec.unschedulable",),
    verbs=("delete", "get", "list", "patch", "update", "watch"),
    columns=Columns(
        (
            NAME,
            Column("Status"),
            Column("Roles"),
            AGE,
            Column("Version"),
            *wide("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
        ),
        _cells,
    ),
    permanent=("lab-node",),
    needed="the lab's cluster has this one node and cannot do without it",
)
