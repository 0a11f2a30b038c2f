"""What belongs to the course, in a cluster that may have other people's things too: one place decides it.

The course has its own namespace and those beside it that lessons make. The lab's own cluster, worked in at `default`,
is the course's as a whole.
"""

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import ClusterError
from helpers.lab.home import read_json, write_json
from helpers.policies import home
from helpers.policies.model.naming import is_system

KEPT = "foreign.json"
BESIDE = ("sandbox", "tools", "monitoring")
"""The namespaces that lessons make, by the names that the texts give them."""

_prefix = ""


def work_with(cluster: Cluster | None) -> None:
    """Go by this cluster from now on: its namespace is where the course is, and what it has already isn't the course's.

    None forgets it.
    """
    global _prefix
    home.work_in(cluster.namespace if cluster else "default")
    _prefix = ""
    if cluster is not None and not whole(cluster):
        remember(cluster)
        taken = set(BESIDE) & set(before(cluster, "namespaces"))
        _prefix = f"{cluster.namespace}-" if cluster.namespace != "default" or taken else ""


def whole(cluster: Cluster) -> bool:
    """Whether everything in this cluster is the course's, but what is the cluster's own."""
    return cluster.entered


def namespace(beside: str = "") -> str:
    """The course's namespace, or the name here of one that a lesson makes: `tools`, or `learner-7-tools`.

    In `default` they are called as in the texts, unless the cluster had a namespace of such a name before.
    """
    return f"{_prefix}{beside}" if beside else home.namespace()


def namespaces_beside(cluster: Cluster) -> list[str]:
    """The namespaces that lessons made, and which may go again."""
    if whole(cluster):
        return [name for name in namespaces(cluster) if name != "default" and not is_system(name)]
    known = set(before(cluster, "namespaces"))
    return [name for name in map(namespace, BESIDE) if name not in known and exists(cluster, name)]


def course_namespaces(cluster: Cluster) -> list[str]:
    """The namespaces in which the course works."""
    return sorted({cluster.namespace, *namespaces_beside(cluster)})


def policies(cluster: Cluster) -> list[Object]:
    """The course's policies: in its namespaces, and not there before it came."""
    if whole(cluster):
        return [
            item for item in cluster.list("networkpolicies") if not is_system(str(item["metadata"].get("namespace")))
        ]
    known = set(before(cluster, "policies"))
    found = [item for name in course_namespaces(cluster) for item in cluster.list("networkpolicies", name)]
    return [item for item in found if identity(item) not in known]


def remember(cluster: Cluster) -> None:
    """At the first meeting with a cluster's namespace, note the policies and namespaces that are there already."""
    known = read_json(KEPT)
    if key_of(cluster) not in known:
        known[key_of(cluster)] = {
            "policies": [identity(item) for item in cluster.list("networkpolicies", cluster.namespace)],
            "namespaces": namespaces(cluster),
        }
        write_json(KEPT, known)


def before(cluster: Cluster, what: str) -> list[str]:
    """What `remember` noted: the identities of "policies", or the names of "namespaces"."""
    known = read_json(KEPT).get(key_of(cluster)) or {}
    return list(known.get(what) or [])


def namespaces(cluster: Cluster) -> list[str]:
    """The cluster's namespaces; none where they may not be listed."""
    try:
        return [item["metadata"]["name"] for item in cluster.list("namespaces")]
    except ClusterError:
        return []


def exists(cluster: Cluster, name: str) -> bool:
    """Whether there is a namespace of this name; one that may not be looked at counts as missing."""
    try:
        return bool(cluster.get("namespaces", name))
    except ClusterError:
        return False


def key_of(cluster: Cluster) -> str:
    """Under what the lab keeps things of one course in one cluster."""
    return f"{cluster.context.name} {cluster.context.server} {cluster.namespace}"


def identity(item: Object) -> str:
    """What tells an object from a later one of the same name."""
    return f"{item['metadata'].get('namespace')}/{item['metadata']['name']}/{item['metadata'].get('uid')}"
