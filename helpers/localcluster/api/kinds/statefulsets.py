"""StatefulSets: pods with names that stay, made and replaced in order."""

from helpers.localcluster.api.kinds.workloads import images
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of, wide
from helpers.localcluster.api.shapes.defaults import workload
from helpers.localcluster.api.validation.workloads import check_natural, check_workload
from helpers.policies.errors import FieldError, forbidden, invalid, unsupported

MANAGEMENT = ("OrderedReady", "Parallel")
STRATEGIES = ("OnDelete", "RollingUpdate")
MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def _default(obj: Object) -> Object:
    filled = workload(obj, {"replicas": 1, "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10})
    strategy = {"type": "RollingUpdate", **(filled["spec"].get("updateStrategy") or {})}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {"partition": 0, **(strategy.get("rollingUpdate") or {})}
    filled["spec"]["updateStrategy"] = strategy
    return filled


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    found = check_workload(new, old)
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        found += check_natural(spec, name)
    if spec["podManagementPolicy"] not in MANAGEMENT:
        found.append(unsupported("spec.podManagementPolicy", spec["podManagementPolicy"], MANAGEMENT))
    if spec["updateStrategy"]["type"] not in STRATEGIES:
        found.append(unsupported("spec.updateStrategy.type", spec["updateStrategy"]["type"], STRATEGIES))
    partition = (spec["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
    if partition < 0:
        place = "spec.updateStrategy.rollingUpdate.partition"
        found.append(invalid(place, partition, "must be greater than or equal to 0"))
    if old and _fixed(spec) != _fixed(old["spec"]):
        names = ", ".join(f"'{name}'" for name in MUTABLE)
        found.append(forbidden("spec", f"updates to statefulset spec for fields other than {names} are forbidden"))
    return found


def _fixed(spec: Object) -> Object:
    return {name: value for name, value in spec.items() if name not in MUTABLE}


def _warn(new: Object) -> list[str]:
    if not new["spec"].get("volumeClaimTemplates"):
        return []
    return ["spec.volumeClaimTemplates: no volumes are made; pods here are processes that see this machine's files"]


def _cells(obj: Object) -> list[object]:
    spec, held = obj["spec"], obj.get("status", {})
    return [name_of(obj), f"{held.get('readyReplicas', 0)}/{spec.get('replicas', 1)}", age_of(obj), *images(obj)]


STATEFUL_SETS = Resource(
    "apps",
    "v1",
    "statefulsets",
    "StatefulSet",
    short_names=("sts",),
    categories=("all",),
    subresources=("status", "scale"),
    counts_generation=True,
    columns=Columns((NAME, Column("Ready"), AGE, *wide("Containers", "Images")), _cells),
    default=_default,
    check=_check,
    warn=_warn,
    makes_others=True,
)
