"""Pods: what the kubelet runs."""

from helpers.localcluster.api.podstatus import pod_cells
from helpers.localcluster.api.resource import AGE, NAME, NONE, Column, Columns, Object, Resource, age_of, name_of, wide
from helpers.localcluster.api.shapes.defaults import pod_spec
from helpers.localcluster.api.validation import pods


def _default(obj: Object) -> Object:
    spec = pod_spec(
        {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority", "priority": 0, **obj["spec"]}
    )
    spec = {"serviceAccountName": "default", "serviceAccount": "default", **spec}
    return {**obj, "spec": spec, "status": {"phase": "Pending", **obj.get("status", {})}}


def _cells(obj: Object) -> list[object]:
    ready, status, restarts = pod_cells(obj)
    held, spec = obj.get("status", {}), obj.get("spec", {})
    more = [held.get("podIP") or NONE, spec.get("nodeName") or NONE, held.get("nominatedNodeName") or NONE, NONE]
    return [name_of(obj), ready, status, restarts, age_of(obj), *more]


PODS = Resource(
    "",
    "v1",
    "pods",
    "Pod",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "log", "exec", "attach", "portforward", "ephemeralcontainers"),
    field_labels=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    counts_generation=True,
    columns=Columns(
        (
            NAME,
            *map(Column, ("Ready", "Status", "Restarts")),
            AGE,
            *wide("IP", "Node", "Nominated Node", "Readiness Gates"),
        ),
        _cells,
    ),
    default=_default,
    check=pods.check,
    told=True,
)
