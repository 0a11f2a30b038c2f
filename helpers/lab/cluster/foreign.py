"""What was in a real cluster before the course came: the course leaves it alone."""

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import ClusterError
from helpers.lab.home import read_json, write_json

FOREIGN = "foreign.json"


def remember(cluster: Cluster) -> None:
    """At the first meeting with a cluster, note the policies and namespaces that are there already."""
    known = read_json(FOREIGN)
    if key_of(cluster) not in known:
        known[key_of(cluster)] = {
            "policies": [identity(item) for item in cluster.list("networkpolicies", cluster.namespace)],
            "namespaces": namespaces(cluster),
        }
        write_json(FOREIGN, known)


def before(cluster: Cluster, what: str) -> list[str]:
    """What `remember` noted: the identities of "policies", or the names of "namespaces"."""
    known = read_json(FOREIGN).get(key_of(cluster)) or {}
    return list(known.get(what) or [])


def namespaces(cluster: Cluster) -> list[str]:
    """The cluster's namespaces; none where they may not be listed."""
    try:
        return [item["metadata"]["name"] for item in cluster.list("namespaces")]
    except ClusterError:
        return []


def key_of(cluster: Cluster) -> str:
    """Under what the lab keeps things of one cluster."""
    return f"{cluster.context.name} {cluster.context.server}"


def identity(item: Object) -> str:
    """What tells an object from a later one of the same name."""
    return f"{item['metadata'].get('namespace')}/{item['metadata']['name']}/{item['metadata'].get('uid')}"
