"""Sorting a heap of Kubernetes objects into pods, namespaces, Services and policies.

Pods take the place of the workloads that own them; a workload without pods is represented by its template.
What can't be read is noted as a Problem, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.policies.errors import type_name
from helpers.policies.model import NAMESPACE_NAME_LABEL, Pod, Policy, Service
from helpers.policies.reading.objects import (
    ENDED,
    TEMPLATES,
    Unreadable,
    identity,
    items,
    mapping,
    namespace_labels,
    pod_of,
    service_of,
    template_pod,
    text,
)
from helpers.policies.reading.parsing import parse_policy
from helpers.policies.reading.places import where
from helpers.policies.reading.validation import validate

Json = Mapping[str, Any]
Owner = tuple[str, str, str]
"""(namespace, kind, name) of an object that owns pods."""

_LISTS_NEST = 20
_GROUP = "networking.k8s.io/"
"""Other API groups have a NetworkPolicy too, such as Calico's."""


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
    services: list[Service] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    objects: list[Json] = field(default_factory=list)
    workloads: dict[Owner, Json] = field(default_factory=dict)
    live: list[Json] = field(default_factory=list)


def gather(objects: Iterable[Json]) -> Gathered:
    """Sort objects of any kind; kinds that say nothing about connections are passed over."""
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
    owners = _read_pods(found)
    _read_templates(found, owners)
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
        key = (str(metadata.get("namespace") or "default"), name) if named and metadata else id(item)
        if key in last and last[key] is not item:
            found.problems.append(Problem(title(item), "it is there twice, and the later one counts", where(item),
                                          item, "metadata.name", minor=True))
        last[key] = item
    return list(last.values())


def _sort(item: Json, found: Gathered) -> None:
    kind = item.get("kind")
    if kind == "Pod":
        found.live.append(item)
    elif kind == "NetworkPolicy" and str(item.get("apiVersion") or _GROUP).startswith(_GROUP):
        read_policy(item, found)
    elif isinstance(kind, str) and kind.endswith("NetworkPolicy"):
        found.problems.append(Problem(title(item), "it isn't judged: only policies of networking.k8s.io/v1 are",
                                      where(item), item, "apiVersion", minor=True))
    elif kind == "Namespace":
        name, labels = namespace_labels(item)
        found.namespaces[name] = labels
    elif kind == "Service":
        found.services.append(service_of(item))
    elif isinstance(kind, str) and kind in TEMPLATES:
        found.workloads[(identity(item)[0], kind, identity(item)[1])] = item


def read_policy(item: Json, found: Gathered) -> None:
    """Add a policy, or its errors as problems."""
    errors = validate(item)
    if errors:
        found.problems.extend(
            Problem(title(item), str(error), where(item, error.field), item, error.field) for error in errors)
    else:
        policy = parse_policy(item)
        found.policies.append(policy)
        if policy.namespace is not None:
            found.namespaces.setdefault(policy.namespace, {NAMESPACE_NAME_LABEL: policy.namespace})


def _read_pods(found: Gathered) -> set[Owner]:
    """Read the Pod objects; returns the workloads that own one."""
    owners: set[Owner] = set()
    for item in found.live:
        try:
            chain = _owners(item, found.workloads)
            owners.update(chain)
            pod = pod_of(item, f"{chain[-1][1]}/{chain[-1][2]}" if chain else "")
            phase = text(mapping(item, "status"), "phase", "status.")
            (found.ended if phase in ENDED else found.pods).append(pod)
        except Unreadable as problem:
            found.problems.append(Problem(title(item), str(problem), where(item, problem.path)))
    return owners


def _owners(item: Json, workloads: Mapping[Owner, Json]) -> list[Owner]:
    """A pod's owner, the owner's owner and so on, the topmost last."""
    namespace = identity(item)[0]
    chain: list[Owner] = []
    for _ in range(4):
        owner = _controller(item)
        if owner is None:
            break
        chain.append((namespace, *owner))
        known = workloads.get(chain[-1])
        if known is None:
            chain += _guess(chain[-1], item)
            break
        item = known
    return chain


def _controller(item: Json) -> tuple[str, str] | None:
    metadata = mapping(item, "metadata")
    if not metadata.get("ownerReferences"):
        return None
    references = list(items(metadata, "ownerReferences", "metadata."))
    chosen = next((one for one in references if one.get("controller") is True), references[0])
    kind, name = text(chosen, "kind"), text(chosen, "name")
    return (kind, name) if kind and name and kind != "Node" else None


def _guess(owner: Owner, pod: Json) -> list[Owner]:
    """The Deployment behind a ReplicaSet that isn't among the objects: its name without the template's hash."""
    namespace, kind, name = owner
    hashed = mapping(mapping(pod, "metadata"), "labels", "metadata.").get("pod-template-hash")
    if kind == "ReplicaSet" and isinstance(hashed, str) and hashed and name.endswith(f"-{hashed}"):
        return [(namespace, "Deployment", name[: -len(hashed) - 1])]
    return []


def _read_templates(found: Gathered, owners: set[Owner]) -> None:
    """Let the template stand for each workload that has no pod and that no other workload owns."""
    for (namespace, kind, name), item in found.workloads.items():
        try:
            owner = _controller(item)
            owned = owner is not None and (namespace, *owner) in found.workloads
            if not owned and (namespace, kind, name) not in owners:
                found.pods.append(template_pod(kind, item))
        except Unreadable as problem:
            found.problems.append(Problem(f"{kind} {name}", str(problem), where(item, problem.path)))
