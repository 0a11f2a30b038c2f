"""Flow logs: which connections a cluster judged, and how. The lab's own log, and those of network plug-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import LabError
from helpers.lab.flowlogs import own, whisker


class NoFlowLog(LabError):
    """The cluster keeps no flow log that the lab can read."""


class FlowLog(Protocol):
    """A cluster's flow log. A flow is an object as the lab's own log has them, see `helpers.lab.flowlogs.own`."""

    def read(self) -> list[Object]:
        """The flows that are still kept, oldest first. Raises LabError."""
        ...

    def close(self) -> None:
        """Let go of what leads to the log."""
        ...


_KINDS: tuple[Callable[[Cluster], FlowLog | None], ...] = (own.find, whisker.find)
_last: tuple[Cluster, FlowLog] | None = None
"""The log that was read last, and the cluster that it is of."""


def log_of(cluster: Cluster) -> FlowLog:
    """The cluster's flow log, found once; that of another cluster is let go. Raises NoFlowLog."""
    global _last
    if _last is not None and _last[0] is cluster:
        return _last[1]
    log = next(filter(None, (find(cluster) for find in _KINDS)), None)
    if log is None:
        raise NoFlowLog(
            "This cluster keeps no flow log that the lab can read: the lab's own does, and Calico's where its "
            "Whisker is installed. Use lab.probe(…) to try a connection, or display.explain(…) to judge one."
        )
    if _last is not None:
        _last[1].close()
    _last = cluster, log
    return log
