"""Take away a namespace that lessons used; one that was made for the seat, or may not be deleted, is emptied."""

import contextlib

from helpers.lab.cluster import belonging
from helpers.lab.cluster.api import Cluster
from helpers.lab.errors import ClusterError

_LESSONS = ("networkpolicies", "deployments", "services", "pods")
"""What lessons make in a namespace beside the course's own."""
_LABEL = "team"
"""The label that a lesson puts on such a namespace."""


def take_away(cluster: Cluster, name: str) -> None:
    """Delete a namespace, or empty it if it is there to stay. Raises ClusterError."""
    if name in belonging.given(cluster):
        return empty(cluster, name)
    try:
        cluster.delete("namespaces", name)
    except ClusterError as error:
        if error.status != 403:
            raise
        empty(cluster, name)


def empty(cluster: Cluster, name: str) -> None:
    """Delete what lessons made in a namespace, and their label on it. Raises ClusterError."""
    for resource in _LESSONS:
        for item in cluster.list(resource, name):
            if not item["metadata"].get("ownerReferences"):
                cluster.delete(resource, item["metadata"]["name"], name)
    if _LABEL in (cluster.get("namespaces", name)["metadata"].get("labels") or {}):
        with contextlib.suppress(ClusterError):
            cluster.patch("namespaces", name, {"metadata": {"labels": {_LABEL: None}}})
