"""What scales workloads: how many pods there may be, whatever the workload's own manifest says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from helpers.policies.model import Pod
from helpers.policies.reading.objects import Unreadable, identity, mapping

_MOST = {"HorizontalPodAutoscaler": ("maxReplicas", 1), "ScaledObject": ("maxReplicaCount", 100)}
"""The kinds that scale, each with its field for the most pods and what that is when it is missing."""


def scaled(pods: list[Pod], objects: Iterable[Mapping[str, Any]]) -> list[Pod]:
    """The pods, where the last one of each workload that is scaled stands for those that may come as well."""
    most = dict(_scaled(objects))
    if not most:
        return pods
    found: dict[int, Pod] = {}
    held: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    for place, pod in enumerate(pods):
        key = pod.namespace, pod.workload
        if key in most:
            held[key], last[key] = held.get(key, 0) + pod.replicas, place
    for key, place in last.items():
        missing = most[key] - held[key]
        if missing > 0:
            found[place] = replace(pods[place], replicas=pods[place].replicas + missing)
    return [found.get(place, pod) for place, pod in enumerate(pods)]


def _scaled(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], int]]:
    """Each workload that is scaled, as (namespace, "Kind/name"), with the most pods that it may have."""
    for item in objects:
        if str(item.get("kind")) in _MOST:
            with contextlib.suppress(Unreadable):  # what is wrong with it is for others to say
                yield _target(item)


def _target(item: Mapping[str, Any]) -> tuple[tuple[str, str], int]:
    field, otherwise = _MOST[item["kind"]]
    spec = mapping(item, "spec")
    target, most = mapping(spec, "scaleTargetRef", "spec."), spec.get(field, otherwise)
    if not isinstance(most, int) or isinstance(most, bool):
        raise Unreadable(f"spec.{field}", most, "a whole number")
    namespace, _ = identity(item)
    return (namespace, f"{target.get('kind') or 'Deployment'}/{target.get('name')}"), most
