"""What is said about an object that is taken all the same: `Warning:` in kubectl."""

from collections.abc import Iterator

from helpers.localcluster.api.resource import Object, Resource
from helpers.localcluster.kubelet import images

_TEMPLATES = ("deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch")


def of(resource: Resource, new: Object, old: Object | None = None) -> list[str]:
    """What its kind says of a new object, and sentences about images that don't exist here and weren't there before."""
    known = {*_references(resource.key, old)} if old else set()
    said = [] if old else resource.warn(new)
    return said + [
        images.missing(reference)
        for reference in dict.fromkeys(_references(resource.key, new))
        if reference not in known and images.find(reference) is None
    ]


def _references(key: str, obj: Object) -> Iterator[str]:
    """The images that an object's containers name."""
    spec = obj.get("spec") or {}
    if key == "cronjobs.batch":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    if key in (*_TEMPLATES, "cronjobs.batch"):
        spec = (spec.get("template") or {}).get("spec") or {}
    elif key != "pods":
        return
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from (container["image"] for container in spec.get(field) or () if container.get("image"))
