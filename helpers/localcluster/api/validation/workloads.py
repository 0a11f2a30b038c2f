"""Deployments and replica sets."""

import re
from typing import Any

from helpers.policies.errors import FieldError, forbidden, invalid, required, unsupported
from helpers.policies.reading.validation import selector_errors

from ..selectors import matches
from ..store import Object
from . import pods
from .metadata import check_labels

STRATEGIES = ("Recreate", "RollingUpdate")
PERCENT = re.compile(r"[0-9]+%")


def check_deployment(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    found = _check_common(new, old) + _check_strategy(spec.get("strategy") or {}, "spec.strategy")
    for name in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        found += _natural(spec, name)
    return found


def check_replica_set(new: Object, old: Object | None) -> list[FieldError]:
    return _check_common(new, old)


def _check_common(new: Object, old: Object | None) -> list[FieldError]:
    spec = new["spec"]
    selector, template = spec["selector"], spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    found = _natural(spec, "replicas") + selector_errors(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        found.append(invalid("spec.selector", selector, "empty selector is invalid for deployment"))
    elif not found and not matches(selector, labels):
        found.append(invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    found += check_labels(labels, "spec.template.metadata.labels")
    if "spec" not in template:
        found.append(required("spec.template.spec"))
    else:
        found += pods.check_spec(template["spec"], "spec.template.spec")
        policy = template["spec"].get("restartPolicy", "Always")
        if policy in pods.RESTART_POLICIES and policy != "Always":
            found.append(unsupported("spec.template.spec.restartPolicy", policy, ("Always",)))
    if old and old["spec"]["selector"] != selector:
        found.append(invalid("spec.selector", selector, "field is immutable"))
    return found


def _natural(spec: Object, name: str) -> list[FieldError]:
    value = spec.get(name, 0)
    if value < 0:
        return [invalid(f"spec.{name}", value, "must be greater than or equal to 0")]
    return [invalid(f"spec.{name}", value, "must be below 2147483648")] if value >= 1 << 31 else []


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
