"""ReplicaSets: as many pods as asked for, made from one template."""

from helpers.localcluster.api.kinds.workloads import CONTAINERS, containers
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.shapes.defaults import workload
from helpers.localcluster.api.validation.workloads import check_natural, check_workload
from helpers.policies.errors import FieldError


def _check(new: Object, old: Object | None) -> list[FieldError]:
    return check_natural(new["spec"], "replicas") + check_workload(new, old)


def _cells(obj: Object) -> list[object]:
    spec, held = obj.get("spec", {}), obj.get("status", {})
    counts = [spec.get("replicas", 1), held.get("replicas", 0), held.get("readyReplicas", 0)]
    return [name_of(obj), *counts, age_of(obj), *containers(obj)]


REPLICA_SETS = Resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    short_names=("rs",),
    categories=("all",),
    subresources=("status", "scale"),
    field_labels=("status.replicas",),
    counts_generation=True,
    columns=Columns(
        (NAME, *(Column(name, "integer") for name in ("Desired", "Current", "Ready")), AGE, *CONTAINERS), _cells
    ),
    default=lambda obj: workload(obj, {"replicas": 1}),
    check=_check,
    makes_others=True,
)
