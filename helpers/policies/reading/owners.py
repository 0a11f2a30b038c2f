"""Who owns a pod: its workload, and the workload's own owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from helpers.policies.reading.objects import identity, items, mapping, text

Json = Mapping[str, Any]
Owner = tuple[str, str, str]
"""(namespace, kind, name) of an object that owns pods."""


def owners(pod: Json, workloads: Mapping[Owner, Json]) -> list[Owner]:
    """A pod's owner, the owner's owner and so on, the topmost last. A circle ends where it closes."""
    chain: list[Owner] = []
    for link in _climb(pod, workloads):
        if link in chain:
            return chain[: chain.index(link) + 1]
        chain.append(link)
    if chain and chain[-1] not in workloads:
        chain += _guess(chain[-1], pod)
    return chain


def is_owned(workload: Owner, item: Json, workloads: Mapping[Owner, Json]) -> bool:
    """Whether another of the workloads stands for this one; in a circle of owners each stands for itself."""
    seen: list[Owner] = []
    for link in _climb(item, workloads):
        if link in seen or link == workload:
            break
        seen.append(link)
    else:
        return bool(seen) and seen[0] in workloads
    return link != workload


def _climb(item: Json | None, workloads: Mapping[Owner, Json]) -> Iterator[Owner]:
    """Owner after owner, without end when they form a circle."""
    namespace = identity(item or {})[0]
    while item is not None:
        owner = _controller(item)
        if owner is None:
            return
        link = (namespace, *owner)
        yield link
        item = workloads.get(link)


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
