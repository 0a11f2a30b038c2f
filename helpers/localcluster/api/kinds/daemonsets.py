"""DaemonSets: one pod on each node, of which the lab has one."""

from helpers.localcluster.api.kinds.workloads import CONTAINERS, containers
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, join, name_of
from helpers.localcluster.api.shapes.defaults import workload
from helpers.localcluster.api.validation.workloads import check_natural, check_workload
from helpers.policies.errors import FieldError, unsupported

STRATEGIES = ("OnDelete", "RollingUpdate")
COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def _default(obj: Object) -> Object:
    filled = workload(obj, {"revisionHistoryLimit": 10})
    strategy = {"type": "RollingUpdate", **(filled["spec"].get("updateStrategy") or {})}
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = {"maxSurge": 0, "maxUnavailable": 1, **rolling}
    filled["spec"]["updateStrategy"] = strategy
    return filled


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    found = check_workload(new, old)
    for name in ("minReadySeconds", "revisionHistoryLimit"):
        found += check_natural(spec, name)
    if spec["updateStrategy"]["type"] not in STRATEGIES:
        found.append(unsupported("spec.updateStrategy.type", spec["updateStrategy"]["type"], STRATEGIES))
    return found


def _cells(obj: Object) -> list[object]:
    held, template = obj.get("status", {}), obj["spec"].get("template") or {}
    selector = (template.get("spec") or {}).get("nodeSelector") or {}
    where = join(f"{key}={value}" for key, value in sorted(selector.items()))
    return [name_of(obj), *(held.get(count, 0) for count in COUNTS), where, age_of(obj), *containers(obj)]


DAEMON_SETS = Resource(
    "apps",
    "v1",
    "daemonsets",
    "DaemonSet",
    short_names=("ds",),
    categories=("all",),
    subresources=("status",),
    counts_generation=True,
    columns=Columns(
        (
            NAME,
            *(Column(name, "integer") for name in ("Desired", "Current", "Ready", "Up-to-date", "Available")),
            Column("Node Selector"),
            AGE,
            *CONTAINERS,
        ),
        _cells,
    ),
    default=_default,
    check=_check,
    makes_others=True,
)
