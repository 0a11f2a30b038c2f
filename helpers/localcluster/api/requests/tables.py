"""Answers as tables: what `kubectl get` prints is computed here, not in kubectl."""

from collections.abc import Iterable
from typing import Any

from helpers.localcluster.api.http.messages import Request
from helpers.localcluster.api.resource import Columns, Object, Resource


def wanted(request: Request) -> str | None:
    """The version of the Table format that the client prefers over JSON, or None."""
    for choice in request.header("accept").replace(" ", "").split(","):
        parts = choice.split(";")
        if "as=Table" in parts and "g=meta.k8s.io" in parts:
            for version in ("v1", "v1beta1"):
                if f"v={version}" in parts:
                    return version
        elif parts[0] in ("application/json", "*/*"):
            return None
    return None


def table(
    resource: Resource,
    objects: Iterable[Object],
    version: str,
    include: str,
    metadata: dict[str, Any],
    *,
    header: bool = True,
) -> dict[str, Any]:
    """A Table of these objects. `include` is None, Metadata or Object: what each row carries."""
    columns = resource.columns
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in columns.columns] if header else None,
        "rows": [_row(columns, obj, version, include) for obj in objects],
    }


def _row(columns: Columns, obj: Object, version: str, include: str) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": columns.cells(obj)}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = partial(obj["metadata"], version)
    return row


def partial(metadata: Object, version: str = "v1") -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
