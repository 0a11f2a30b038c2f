"""The cluster that this process works with: chosen once by `start`, used by everything else."""

import os
from typing import Any

from helpers.lab.cluster import belonging, chosen, kubeconfig, local
from helpers.lab.cluster.api import Cluster
from helpers.lab.errors import ClusterError, LabError, NotFound

_current: Cluster | None = None


def connect(context: str | None = None, *, namespace: str | None = None) -> Cluster:
    """Choose the cluster for this process and return it; the local one is started if it does not run."""
    name = context or os.environ.get("LAB_CONTEXT") or ""
    found = _remote(name) if name and name != local.NAME else _local()
    _settle(found, namespace)
    use(found)
    return found


def beside(context: str) -> Cluster:
    """Another cluster, to be read; the one in use stays in use. Raises LabError."""
    return _remote(context) if context != local.NAME else current()


def current() -> Cluster:
    """The cluster in use; before `start`, the one that `start` would find without starting anything."""
    if _current is None:
        name = os.environ.get("LAB_CONTEXT") or ""
        if name and name != local.NAME:
            found = _remote(name)
        elif local.find().running:
            found = Cluster(kubeconfig.load([local.kubeconfig()]), local=True)
        else:
            raise ClusterError(
                "The lab is not started. Run: from helpers import lab; lab.start()"
                " (in a terminal: python -m helpers up)"
            )
        _settle(found)
        use(found)
        return found
    return _current


def current_or_none() -> Cluster | None:
    """The cluster in use, None if nothing was chosen yet and the local one is meant: starts and loads nothing."""
    return current() if _current is None and not local.meant() else _current


def use(cluster: Cluster | None) -> None:
    """Work with this cluster from now on; None forgets the choice. The connection to the last one is closed."""
    global _current
    if _current is not None and _current is not cluster:
        _current.close()
    _current = cluster
    belonging.work_with(cluster)


def _settle(cluster: Cluster, namespace: str | None = None) -> None:
    """Choose the course's namespace, and make it if it isn't there."""
    context = cluster.context.namespace
    cluster.namespace = namespace or os.environ.get("LAB_NAMESPACE") or context
    if cluster.namespace == "default":
        return
    try:
        cluster.get("namespaces", cluster.namespace)
    except NotFound:
        cluster.create("namespaces", {"metadata": {"name": cluster.namespace}})
    except ClusterError as error:
        if error.status != 403:  # whoever may not look at it may still work in it
            raise


def client(context: str | None = None) -> Any:
    """The official Python client's `ApiClient` for the cluster in use, for `kubernetes.client.CoreV1Api(…)`."""
    from helpers.lab.cluster.transport import api_client

    own = current().context
    return api_client(kubeconfig.load(own.files, context) if context else own)


def _local() -> Cluster:
    if _current is not None and _current.local and _answers(_current):
        return _current
    local.start()
    found = Cluster(kubeconfig.load([local.kubeconfig()]), local=True)
    found.version()
    return found


def _remote(name: str) -> Cluster:
    found = Cluster(chosen.of_user(name))
    found.version()
    return found


def _answers(cluster: Cluster) -> bool:
    """Whether the cluster of the last call still is the one that runs: its port and token may have changed."""
    try:
        if kubeconfig.load([local.kubeconfig()]) != cluster.context:
            return False
        return bool(cluster.version())
    except LabError:
        return False
