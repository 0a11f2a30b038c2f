"""Why a probe came to nothing, as far as the cluster's objects tell."""

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import ClusterError, did_you_mean
from helpers.policies.model.addresses import is_address

NO_DNS = "the name could not be looked up: does the pod reach the cluster's DNS?"
NOBODY_LISTENS = "reached the pod, and nothing listens there"
NOBODY_READY = "the Service has no pod that is Ready, so no pod was reached"

_OWNER = "kubernetes.io/service-name"


def unresolved(cluster: Cluster, home: str, target: str) -> str:
    """Why a name was not found: no Service is called so, or the pod, of the namespace `home`, did not reach the DNS."""
    name, namespace, rest = _service(target, home)
    try:
        known = [item["metadata"]["name"] for item in cluster.list("services", namespace)]
    except ClusterError:
        return NO_DNS
    if name in known or len(rest) > 1 or (rest and not known):  # a name of the world outside, perhaps
        return NO_DNS
    return f"there is no Service {name!r} in {namespace}.{did_you_mean(name, known)}"


def refused(cluster: Cluster, home: str, target: str) -> str:
    """Who refused: the pod, an address outside, or the node, where a Service has no such port or nobody behind it."""
    name, namespace, _ = _service(target, home)
    host, _, port = target.rpartition(":")
    try:
        if is_address(host.strip("[]")):
            return _refused_address(cluster, host.strip("[]"), port)
        ports = cluster.get("services", name, namespace)["spec"].get("ports") or []
        slices = cluster.list("endpointslices", namespace, labels=f"{_OWNER}={name}")
    except ClusterError:
        return NOBODY_LISTENS
    if port not in [str(item["port"]) for item in ports]:
        has = " and ".join(str(item["port"]) for item in ports) or "none"
        return f"the Service {name} has no port {port}; it has {has}"
    return NOBODY_LISTENS if not slices or any(map(_serves, slices)) else NOBODY_READY


def _refused_address(cluster: Cluster, host: str, port: str) -> str:
    """A number is a pod's, a Service's, or belongs to the world outside."""
    pods = [(item.get("status") or {}).get("podIP") for item in cluster.list("pods")]
    services = [item["spec"].get("clusterIP") for item in cluster.list("services")]
    if host in pods or host in services:
        return NOBODY_LISTENS
    return f"nothing listens on port {port} of {host}, an address outside of the cluster"


def _service(target: str, home: str) -> tuple[str, str, list[str]]:
    """Name and namespace of the Service that a target names, and what else its host says."""
    host = target.rpartition(":")[0].removesuffix(".").removesuffix(".cluster.local")
    name, *rest = host.removesuffix(".svc").split(".")
    return name, rest[0] if rest else home, rest


def _serves(found: Object) -> bool:
    ends = found.get("endpoints") or []
    return any((end.get("conditions") or {}).get("ready", True) and end.get("addresses") for end in ends)
