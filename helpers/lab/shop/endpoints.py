"""Whether Services lead to the pods that are there now: they learn of new ones a moment after these are Ready."""

import time
from collections.abc import Iterable

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import NotFound
from helpers.lab.shop.workloads import ready_addresses, workload_of

SETTLING = 1.0
"""Seconds for which nodes gather such changes before they act on them (kube-proxy's `minSyncPeriod`)."""

_OWNER = "kubernetes.io/service-name"


def moved(cluster: Cluster, deployments: Iterable[str]) -> bool:
    """Whether the Services of these Deployments have the Ready pods' addresses for endpoints, and no others."""
    wanted = set(deployments)
    pods = [pod for pod in cluster.list("pods", cluster.namespace) if workload_of(pod) in wanted]
    try:
        slices = cluster.list("endpointslices", cluster.namespace)
    except NotFound:
        return True
    for service in cluster.list("services", cluster.namespace):
        chosen = [pod for pod in pods if _chooses(service, pod)]
        if chosen and _addresses(slices, service["metadata"]["name"]) != ready_addresses(chosen):
            return False
    return True


def settle(cluster: Cluster) -> None:
    """Wait for what the API doesn't tell: that the nodes have taken the endpoints over."""
    if not cluster.local:
        time.sleep(SETTLING)


def _chooses(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= (pod["metadata"].get("labels") or {}).items()


def _addresses(slices: Iterable[Object], service: str) -> set[str]:
    """The addresses to which new connections may go."""
    return {
        str(address)
        for found in slices
        if (found["metadata"].get("labels") or {}).get(_OWNER) == service
        for endpoint in found.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready", True)
        for address in endpoint.get("addresses") or []
    }
