"""Deployments: pods from a template, replaced step by step when it changes."""

import re
from typing import Any

from helpers.localcluster.api.kinds.workloads import CONTAINERS, containers
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.shapes.defaults import workload
from helpers.localcluster.api.validation.workloads import check_natural, check_workload
from helpers.policies.errors import FieldError, forbidden, invalid, unsupported

STRATEGIES = ("Recreate", "RollingUpdate")
PERCENT = re.compile(r"[0-9]+%")


def _default(obj: Object) -> Object:
    filled = workload(obj, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = {"type": "RollingUpdate", **(filled["spec"].get("strategy") or {})}
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        strategy["rollingUpdate"] = {"maxSurge": "25%", "maxUnavailable": "25%", **rolling}
    filled["spec"]["strategy"] = strategy
    return filled


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    found = check_workload(new, old) + _check_strategy(spec.get("strategy") or {}, "spec.strategy")
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        found += check_natural(spec, name)
    return found


def _check_strategy(strategy: Object, path: str) -> list[FieldError]:
    kind = strategy.get("type")
    if kind not in STRATEGIES:
        return [unsupported(f"{path}.type", kind, STRATEGIES)]
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate" and rolling:
        return [forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
    rolling = rolling or {}
    found = [
        invalid(f"{path}.rollingUpdate.{name}", value, "must be a number from 0, or a percentage such as 25%")
        for name, value in rolling.items()
        if not _amount(value)
    ]
    if not found and rolling and all(_is_zero(rolling.get(name)) for name in ("maxSurge", "maxUnavailable")):
        place = f"{path}.rollingUpdate.maxUnavailable"
        found.append(invalid(place, rolling.get("maxUnavailable"), "may not be 0 when `maxSurge` is 0"))
    return found


def _amount(value: Any) -> bool:
    return value >= 0 if isinstance(value, int) else PERCENT.fullmatch(value) is not None


def _is_zero(value: Any) -> bool:
    return str(value).rstrip("%") == "0"


def _cells(obj: Object) -> list[object]:
    spec, held = obj.get("spec", {}), obj.get("status", {})
    ready = f"{held.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    counts = [held.get("updatedReplicas", 0), held.get("availableReplicas", 0)]
    return [name_of(obj), ready, *counts, age_of(obj), *containers(obj)]


DEPLOYMENTS = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short_names=("deploy",),
    categories=("all",),
    subresources=("status", "scale"),
    counts_generation=True,
    columns=Columns(
        (NAME, Column("Ready"), Column("Up-to-date", "integer"), Column("Available", "integer"), AGE, *CONTAINERS),
        _cells,
    ),
    default=_default,
    check=_check,
    makes_others=True,
)
