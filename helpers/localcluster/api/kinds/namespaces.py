"""Namespaces: what everything else lives in."""

from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.validation.metadata import LABEL


def _default(obj: Object) -> Object:
    metadata = obj["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata.get("name", "")}
    return {
        **obj,
        "metadata": {**metadata, "labels": labels},
        "spec": {"finalizers": ["kubernetes"], **(obj.get("spec") or {})},
        "status": {"phase": "Active", **obj.get("status", {})},
    }


def _cells(obj: Object) -> list[object]:
    return [name_of(obj), obj.get("status", {}).get("phase", ""), age_of(obj)]


NAMESPACES = Resource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    namespaced=False,
    short_names=("ns",),
    subresources=("status",),
    field_labels=("status.phase",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    columns=Columns((NAME, Column("Status"), AGE), _cells),
    default=_default,
    name_rule=LABEL,
    permanent=("default", "kube-system", "kube-public", "kube-node-lease"),
    needed="this namespace may not be deleted",
)
