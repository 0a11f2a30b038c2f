"""Sorting a heap of Kubernetes objects into pods, namespaces, Services and policies.

Pods take the place of the workloads that own them; a workload without pods is represented by its template.
What can't be read is noted as a Problem, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.policies import home
from helpers.policies.errors import type_name
from helpers.policies.model import NAMESPACE_NAME_LABEL, Pod, Policy, Service
from helpers.policies.reading.kinds import kind_of
from helpers.policies.reading.objects import (
    ENDED,
    Unreadable,
    identity,
    mapping,
    namespace_labels,
    pod_of,
    service_of,
    text,
)
from helpers.policies.reading.owners import Owner, is_owned, owners
from helpers.policies.reading.parsing import parse_policy
from helpers.policies.reading.places import Manifest, place_of, where
from helpers.policies.reading.scaling import scaled
from helpers.policies.reading.templates import template_pods, templates_of
from helpers.policies.reading.unread import Why, why_unread
from helpers.policies.reading.validation import taken_before, validate

Json = Mapping[str, Any]
_LISTS_NEST = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """An object that doesn't count, and why; `place` says where it was read ("file, document 2, line 31").

    `source` is the object and `path` the field at fault, where they are known. A minor one is a text that doesn't
    claim to be an object, such as a values file beside manifests.
    """

    what: str
    why: str
    place: str = ""
    source: Json | None = field(default=None, repr=False, compare=False)
    path: str = ""
    minor: bool = False

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.what, self.why) if part)


@dataclass(slots=True)
class Gathered:
    """What was found so far; `namespaces` maps names to labels."""

    namespaces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    pods: list[Pod] = field(default_factory=list)
    ended: list[Pod] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    objects: list[Json] = field(default_factory=list)
    workloads: dict[Owner, Json] = field(default_factory=dict)
    live: list[Json] = field(default_factory=list)
    unread: list[tuple[Json, Why]] = field(default_factory=list)
    noticed: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    unnamed: int = 0


def gather(objects: Iterable[Json]) -> Gathered:
    """Sort objects of any kind; those that say nothing about connections are passed over, and `unread` has the rest."""
    found = Gathered()
    for item in open_lists(objects, found):
        found.objects.append(item)
        try:
            _sort(item, found)
        except Unreadable as problem:
            found.problems.append(Problem(title(item), str(problem), where(item, problem.path)))
    found.live = _last_of_each(found.live, found)
    kept = {id(item) for item in _last_of_each([policy.source for policy in found.policies], found)}
    found.policies = [policy for policy in found.policies if id(policy.source) in kept]
    _read_templates(found, _read_pods(found))
    found.pods = scaled(found.pods, found.objects)
    for pod in found.pods:
        if pod.namespace not in found.namespaces:
            found.namespaces[pod.namespace] = {NAMESPACE_NAME_LABEL: pod.namespace}
    return found


def title(item: object) -> str:
    """`Kind ns/name` of whatever may be an object."""
    if not isinstance(item, Mapping):
        return f"the entry that is {type_name(item)}"
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name = str(metadata.get("name") or metadata.get("generateName") or "without a name")[:253]
    return f"{str(item.get('kind') or 'object')[:63]} {name}"


def open_lists(objects: Iterable[Json], found: Gathered, depth: int = 0) -> Iterator[Json]:
    """The objects, with Lists (v1 List, PodList …) replaced by their items."""
    for item in objects:
        if not isinstance(item, Mapping):
            found.problems.append(Problem(title(item), "an object must be a mapping"))
        elif isinstance(item.get("items"), list | tuple) and str(item.get("kind") or "List").endswith("List"):
            if depth < _LISTS_NEST:
                kind = str(item.get("kind") or "").removesuffix("List")
                yield from open_lists((_with_kind(entry, kind) for entry in item["items"]), found, depth + 1)
        else:
            yield item


def _with_kind(entry: Any, kind: str) -> Any:
    """Items of a typed list may come without their kind."""
    return {**entry, "kind": kind} if kind and isinstance(entry, Mapping) and not entry.get("kind") else entry


def _last_of_each(objects: list[Json], found: Gathered) -> list[Json]:
    """Of objects with the same namespace and name the last one, as when they are applied in order."""
    last: dict[object, Json] = {}
    for item in objects:
        metadata = item.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        named = isinstance(metadata, Mapping) and isinstance(name, str) and name
        key = (home.namespace_of(metadata), name) if named and metadata else id(item)
        if key in last and last[key] is not item:
            found.problems.append(_twice(item))
        last[key] = item
    return list(last.values())


def _twice(item: Json) -> Problem:
    return Problem(
        title(item), "it is there twice, and the later one counts", where(item), item, "metadata.name", minor=True
    )


def _sort(item: Json, found: Gathered) -> None:
    kind = kind_of(item)
    if kind.name == "Pod" and kind.among(""):
        found.live.append(_named(item, found))
    elif kind.name == "NetworkPolicy" and kind.among("networking.k8s.io"):
        read_policy(item, found)
    elif kind.name == "Namespace" and kind.among(""):
        name, labels = namespace_labels(item)
        found.namespaces[name] = labels
        _notice(item, ("", kind.name, name), found)
    elif kind.name == "Service" and kind.among(""):
        service = service_of(item)
        found.services[service.key] = service
        _notice(item, (service.namespace, kind.name, service.name), found)
    elif templates_of(item):
        item = _named(item, found)
        namespace, name = identity(item)
        found.workloads[namespace, kind.name, name] = item
        _notice(item, (namespace, f"{kind.name} with pods", name), found)
    else:
        why = why_unread(item)
        if why is not None:
            found.unread.append((item, why))


def _notice(item: Json, key: tuple[str, str, str], found: Gathered) -> None:
    """Say so when another object of this kind, namespace and name came before."""
    if found.noticed.setdefault(key, item) != item:
        found.problems.append(_twice(item))
    found.noticed[key] = item


def _named(item: Json, found: Gathered) -> Json:
    """The object with a name of its own: what has none yet gets one when it is created."""
    metadata = mapping(item, "metadata")
    if metadata.get("name"):
        return item
    found.unnamed += 1
    own = {**metadata, "name": f"{metadata.get('generateName') or 'unnamed-'}{found.unnamed}"}
    place = place_of(item)
    return {**item, "metadata": own} if place is None else Manifest({**item, "metadata": own}, place)


def read_policy(item: Json, found: Gathered) -> None:
    """Add a policy, or its errors as problems. What older servers took may be in force, so it counts."""
    errors = [error for error in validate(item) if not taken_before(error)]
    if errors:
        found.problems.extend(
            Problem(title(item), str(error), where(item, error.field), item, error.field) for error in errors
        )
    else:
        policy = parse_policy(item)
        found.policies.append(policy)
        if policy.namespace is not None:
            found.namespaces.setdefault(policy.namespace, {NAMESPACE_NAME_LABEL: policy.namespace})


def _read_pods(found: Gathered) -> set[Owner]:
    """Read the Pod objects; returns the workloads that own one."""
    owning: set[Owner] = set()
    for item in found.live:
        try:
            chain = owners(item, found.workloads)
            owning.update(chain)
            pod = pod_of(item, f"{chain[-1][1]}/{chain[-1][2]}" if chain else "")
            phase = text(mapping(item, "status"), "phase", "status.")
            (found.ended if phase in ENDED else found.pods).append(pod)
        except Unreadable as problem:
            found.problems.append(Problem(title(item), str(problem), where(item, problem.path)))
    return owning


def _read_templates(found: Gathered, owning: set[Owner]) -> None:
    """Let the templates stand for each workload that has no pod and that no other workload owns."""
    for key, item in found.workloads.items():
        _, kind, name = key
        try:
            if key not in owning and not is_owned(key, item, found.workloads):
                found.pods += template_pods(kind, item, templates_of(item))
        except Unreadable as problem:
            found.problems.append(Problem(f"{kind} {name}", str(problem), where(item, problem.path)))
