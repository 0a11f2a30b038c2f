"""Flow logs: which connections a cluster judged, and how. The lab's own log, and those of network plug-ins."""

from __future__ import annotations

import weakref
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
_found: weakref.WeakKeyDictionary[Cluster, FlowLog] = weakref.WeakKeyDictionary()


def log_of(cluster: Cluster) -> FlowLog:
    """The cluster's flow log, found once. Raises NoFlowLog."""
    if cluster not in _found:
        log = next(filter(None, (find(cluster) for find in _KINDS)), None)
        if log is None:
            raise NoFlowLog(
                "This cluster keeps no flow log that the lab can read: the lab's own does, and Calico's where its "
                "Whisker is installed. Use lab.probe(…) to try a connection, or display.explain(…) to judge one."
            )
        _found[cluster] = log
    return _found[cluster]
