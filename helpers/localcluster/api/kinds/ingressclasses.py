"""IngressClasses: kept for the manifests that name one; the lab's front door serves every Ingress."""

from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, name_of


def _cells(obj: Object) -> list[object]:
    spec = obj.get("spec") or {}
    parameters = spec.get("parameters")
    shown = f"{parameters['kind']}/{parameters['name']}" if parameters else NONE
    return [name_of(obj), spec.get("controller") or NONE, shown, age_of(obj)]


INGRESS_CLASSES = Resource(
    "networking.k8s.io",
    "v1",
    "ingressclasses",
    "IngressClass",
    namespaced=False,
    columns=Columns((NAME, *map(Column, ("Controller", "Parameters")), AGE), _cells),
)
