"""Flows: the connections that the dataplane judged. The lab's own kind, which the cluster alone writes."""

from datetime import datetime
from typing import Any

from helpers.localcluster.api.resource import NONE, Column, Columns, Object, Resource, join, name_of


def _cells(obj: Object) -> list[object]:
    at = datetime.fromisoformat(obj["time"]).astimezone()
    target = obj["target"]
    return [
        name_of(obj),
        at.strftime("%H:%M:%S"),
        end_of_flow(obj["source"]),
        end_of_flow(target),
        f"{obj['port']}/{obj['protocol']}",
        obj["verdict"],
        join(obj.get("policies") or ()),
        target.get("service") or NONE,
        obj.get("attempts", 1),
        obj.get("reason", ""),
    ]


def end_of_flow(end: dict[str, Any]) -> str:
    """A pod's name with its namespace, or the address of something outside."""
    return f"{end['namespace']}/{end['name']}" if end.get("name") else str(end.get("address") or "<unknown>")


FLOWS = Resource(
    "lab.hipster-shop.dev",
    "v1",
    "flows",
    "Flow",
    namespaced=False,
    verbs=("get", "list", "watch"),
    virtual=True,
    columns=Columns(
        (
            Column("Name", wide=True),
            *map(Column, ("Time", "Source", "Target", "Port", "Verdict", "Policies")),
            Column("Service", wide=True),
            Column("Attempts", "integer", wide=True),
            Column("Reason", wide=True),
        ),
        _cells,
    ),
)
