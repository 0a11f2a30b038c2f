"""What belongs to the course, in a cluster that may have other people's things too: one place decides it.

The course has its own namespace and those beside it that lessons make. The lab's own cluster, worked in at `default`,
is the course's as a whole.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import ClusterError, LabError
from helpers.lab.home import read_json, update_json
from helpers.policies import home
from helpers.policies.application.fields import mapping, mappings
from helpers.policies.model.naming import is_system

KEPT = "foreign.json"
BESIDE = ("sandbox", "tools", "monitoring")
"""The namespaces that lessons make, by the names that the texts give them."""

COURSE = "hipster-lab/course"
"""A label on what a course made for a moment; its value is the course's namespace."""
SEAT = "hipster-lab/seat"
"""A label on the namespaces that a teacher made for an attendee; its value is the namespace the seat is called by."""
PROOF = "lab-enforcement-"
"""How the namespaces of `prove_enforcement` begin; one that was interrupted may leave its behind."""
LESSONS = {"deployments": "newcomer", "services": "newcomer", "pods": "helper"}
"""What lessons make beside the shop, by its resource."""

_EVERYWHERE = frozenset(
    {
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
        "ClusterNetworkPolicy",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "GlobalNetworkPolicy",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds that lie in no namespace."""

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


def left_behind(cluster: Cluster) -> list[str]:
    """Namespaces of this course's proofs of enforcement that didn't come to their end."""
    try:
        found = cluster.list("namespaces", labels=f"{COURSE}={cluster.namespace}")
    except ClusterError:
        return []
    return [item["metadata"]["name"] for item in found if item["metadata"]["name"].startswith(PROOF)]


def is_lessons(cluster: Cluster, deployment: str) -> bool:
    """Whether a Deployment of the course's namespace is one that a lesson made."""
    earlier = {kept.split("/")[1] for kept in before(cluster, "deployments")}
    return whole(cluster) or (deployment == LESSONS["deployments"] and deployment not in earlier)


def lessons_left(cluster: Cluster) -> list[tuple[str, str]]:
    """Services and pods (resource, name) that lessons left in the course's namespace, and which may go again."""
    found = []
    for resource in ("services", "pods"):
        name, known = LESSONS[resource], before(cluster, resource)
        here = cluster.list(resource, cluster.namespace, fields=f"metadata.name={name}")
        noted = whole(cluster) or resource in _notes(cluster)
        found += [(resource, name) for item in here if noted and identity(item) not in known]
    return found


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


def owns(cluster: Cluster) -> Callable[[Mapping[str, Any]], bool]:
    """What tells whether a policy is the course's, as `policies` does."""
    if whole(cluster):
        return lambda item: not is_system(home.namespace_of(item["metadata"]))
    places, known = set(course_namespaces(cluster)), set(before(cluster, "policies"))
    return lambda item: home.namespace_of(item["metadata"]) in places and identity(item) not in known


def standing(cluster: Cluster) -> list[Object]:
    """The policies in the course's namespace that were there before it, and stay."""
    if whole(cluster):
        return []
    known = set(before(cluster, "policies"))
    return [item for item in cluster.list("networkpolicies", cluster.namespace) if identity(item) in known]


def check(cluster: Cluster, objects: Iterable[Mapping[str, Any]]) -> None:
    """Raise LabError if one of these objects, about to be written or deleted, isn't the course's."""
    if whole(cluster):
        return
    taken: set[str] = set()
    for item in objects:
        kind, metadata = str(item.get("kind")), item["metadata"]
        place = home.namespace_of(metadata)
        if kind == "Namespace":
            place, kind = str(metadata.get("name")), "The namespace"
        elif kind in _EVERYWHERE:
            raise LabError(f"{kind} {metadata.get('name')} would hold for the whole cluster, which isn't the course's.")
        if place not in (cluster.namespace, *_may_be_made(cluster)):
            raise LabError(
                f"{kind} {metadata.get('name')} would be written to the namespace {place}, which isn't the course's: "
                f"that is {cluster.namespace}. Leave `namespace:` out, or use kubectl in a terminal if you mean it."
            )
        if kind == "NetworkPolicy":
            taken = taken or {identity(one).rpartition("/")[0] for one in standing(cluster)}
            if f"{place}/{metadata.get('name')}" in taken:
                raise LabError(
                    f"The policy {metadata.get('name')} was in {place} before the course came, and stays as it is. "
                    "Give yours another name."
                )


def _may_be_made(cluster: Cluster) -> list[str]:
    """The namespaces beside the course's own that it made, or may make."""
    known = set(before(cluster, "namespaces"))
    return [name for name in map(namespace, BESIDE) if name not in known]


def check_names(cluster: Cluster, names: Iterable[str]) -> None:
    """Raise LabError if a Deployment of one of these names was here before the course, and isn't its own."""
    known = set(before(cluster, "deployments"))
    if not known or whole(cluster):
        return
    wanted = set(names)
    for item in cluster.list("deployments", cluster.namespace):
        if item["metadata"]["name"] in wanted and identity(item) in known:
            raise LabError(
                f"The namespace {cluster.namespace} had a Deployment {item['metadata']['name']} before the course "
                "came, and the shop would take its place. Use a namespace of your own: "
                'lab.start(namespace="my-shop").'
            )


def remember(cluster: Cluster) -> None:
    """At the first meeting with a cluster's namespace, note what is there already."""
    if key_of(cluster) not in read_json(KEPT):
        noted = {
            "policies": [identity(item) for item in cluster.list("networkpolicies", cluster.namespace)],
            "deployments": [
                identity(item) for item in cluster.list("deployments", cluster.namespace) if not _shops(item)
            ],
            **{
                resource: [identity(item) for item in cluster.list(resource, cluster.namespace)]
                for resource in ("services", "pods")
            },
            "namespaces": sorted(set(namespaces(cluster)) - set(given(cluster))),
        }
        update_json(KEPT, lambda known: {key_of(cluster): noted, **known})


def before(cluster: Cluster, what: str) -> list[str]:
    """What `remember` noted: the names of "namespaces", and of everything else the identities."""
    return list(_notes(cluster).get(what) or [])


def _notes(cluster: Cluster) -> Mapping[str, Any]:
    return read_json(KEPT).get(key_of(cluster)) or {}


def _shops(deployment: Object) -> bool:
    """Whether a Deployment runs the image of the shop's service that it is called after, from whatever registry."""
    name, spec = deployment["metadata"]["name"], mapping(deployment, "spec", "template", "spec")
    images = {str(one.get("image")).rpartition("/")[2].partition(":")[0] for one in mappings(spec, "containers")}
    return bool(images & {name, name.partition("-")[0]})


def namespaces(cluster: Cluster) -> list[str]:
    """The cluster's namespaces; none where they may not be listed."""
    try:
        return [item["metadata"]["name"] for item in cluster.list("namespaces")]
    except ClusterError:
        return []


def given(cluster: Cluster) -> list[str]:
    """The namespaces that a teacher made for this seat, its own among them; none where they may not be listed."""
    try:
        return [item["metadata"]["name"] for item in cluster.list("namespaces", labels=f"{SEAT}={cluster.namespace}")]
    except ClusterError:
        return []


def of_others(objects: Iterable[Mapping[str, Any]]) -> set[str]:
    """The namespaces of other seats, if this course's is one: some clusters would show them."""
    seats = {
        str(item["metadata"]["name"]): item["metadata"]["labels"][SEAT]
        for item in objects
        if item.get("kind") == "Namespace" and SEAT in (item["metadata"].get("labels") or {})
    }
    return {name for name, seat in seats.items() if namespace() in seats and seat != namespace()}


def exists(cluster: Cluster, name: str) -> bool:
    """Whether there is a namespace of this name; one that may not be looked at counts as missing."""
    try:
        return bool(cluster.get("namespaces", name))
    except ClusterError:
        return False


def key_of(cluster: Cluster) -> str:
    """Under what the lab keeps things of one course in one cluster."""
    return f"{cluster.context.name} {cluster.context.server} {cluster.namespace}"


def identity(item: Mapping[str, Any]) -> str:
    """What tells an object from a later one of the same name."""
    return f"{item['metadata'].get('namespace')}/{item['metadata']['name']}/{item['metadata'].get('uid')}"
