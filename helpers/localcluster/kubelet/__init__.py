"""Pods as processes: fork server, probes, restarts, logs, exec.

`Kubelet` is imported on first use, so that the fork server, which lives in this
package too, stays free of what only the node needs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.localcluster.kubelet.kubelet import Kubelet

__all__ = ["Kubelet"]


def __getattr__(name: str) -> Any:
    if name == "Kubelet":
        from helpers.localcluster.kubelet.kubelet import Kubelet

        return Kubelet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
