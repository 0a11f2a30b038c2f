"""The lab's own flow log, a resource of its API.

A flow has `time`, `source` and `target` (`kind` Pod or External, `namespace`, `name`, `address`, `labels`; a target
its `service` too), `port`, `protocol`, `verdict` ("allowed", "denied", "refused"), `reason`, `policies`, `attempts`
and `dns`.
"""

from __future__ import annotations

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import NotFound


class OwnLog:
    """The log of the lab's cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def read(self) -> list[Object]:
        return self._cluster.list("flows")

    def close(self) -> None:
        pass


def find(cluster: Cluster) -> OwnLog | None:
    """The lab's log, if the cluster is the lab's."""
    log = OwnLog(cluster)
    try:
        log.read()
    except NotFound:
        return None
    return log
