"""What the input holds beyond what is judged, by kind, with its count: nothing is left out without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.policies.reading.kinds import BUILT_IN, DECIDING, ENGINES, EVERYWHERE, SILENT, WITH_PODS, Kind, kind_of
from helpers.policies.reading.places import place_of
from helpers.policies.wording import clean_line, listed, nearest

Json = Mapping[str, Any]

_POLICY = re.compile(r"(Network|Authorization|Traffic|Firewall|Security|Egress|Ingress)\w{0,40}Polic(y|ies)").search


class Why(NamedTuple):
    """Why objects of a kind don't count: half a sentence; whether one could overturn a verdict; whether pods may come
    of one that nobody can see here."""

    text: str
    overturns: bool = False
    pods: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Objects of one kind that were not read or are not judged.

    `api` is their apiVersion, `why` half a sentence. `overturns` says whether one of them could make a verdict wrong,
    `pods` whether pods may come of it that can't be known. `namespaces` are theirs, none for the whole cluster's.
    """

    kind: str
    api: str
    count: int
    why: str
    overturns: bool
    pods: bool
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    objects: tuple[Json, ...] = field(default=(), repr=False, compare=False)

    @property
    def sentence(self) -> str:
        of = f" ({self.api})" if self.api else ""
        named = f", {listed(self.names, most=4)}" if self.names else ""
        end = "" if self.why.endswith("?") else "."
        return clean_line(f"{self.count} {self.kind[:63]}{of}{named}: {self.why}{end}")

    def __str__(self) -> str:
        return self.sentence

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "apiVersion": self.api,
            "count": self.count,
            "names": list(self.names),
            "why": self.why,
            "overturns": self.overturns,
            "pods": self.pods,
        }


def why_unread(item: Json) -> Why | None:
    """Why an object that has no pod template, and that is none of what verdicts rest on, isn't read; None for one that
    says nothing about connections, or that is read elsewhere."""
    kind = kind_of(item)
    if kind.group in ENGINES:
        return _of_engine(kind)
    if kind.name == "NetworkPolicy" or _POLICY(kind.name):
        return _policy(kind)
    if kind == ("Kustomization", "kustomize.config.k8s.io", kind.api):
        return Why(
            "not built, so what is made of it is not in the input: give the directory with -k, or pipe "
            "`kubectl kustomize DIR` into -f -",
            True,
            True,
        )
    if kind.stands_for_others:
        return Why("what it stands for is not in the input: render it, and give the result with -f -", True, True)
    if kind.group is None or kind.group in BUILT_IN:
        return _built_in(kind)
    if kind.group in SILENT and kind.name not in WITH_PODS:
        return None
    rollout = (item.get("spec") or {}).get("workloadRef") if isinstance(item.get("spec"), Mapping) else None
    if rollout:  # the pods are those of a Deployment beside it
        return None
    return Why("if an operator makes pods of it, they can't be known here", pods=True)


def _of_engine(kind: Kind) -> Why | None:
    engine, deciding = ENGINES[kind.group or ""]
    if kind.name.startswith("Staged"):
        return Why(f"staged policies of {engine} are not in force until they are promoted")
    if "Polic" in kind.name or kind.name in deciding:
        return (
            Why(f"what {engine} decides by it is not judged", True)
            if engine != "the whole cluster"
            else Why("policies of the whole cluster are not judged", True)
        )
    return Why(f"it is {engine}'s own, and not read")


def _policy(kind: Kind) -> Why | None:
    """A kind that is named like a policy, of no engine that is known."""
    if kind.group in BUILT_IN and kind.name in BUILT_IN[kind.group or ""] and kind.name != "NetworkPolicy":
        return None
    if kind.group == "extensions" and kind.name == "NetworkPolicy":
        return Why("no API server has served this version since Kubernetes 1.16: write networking.k8s.io/v1", True)
    if kind.name == "NetworkPolicy" and kind.group in BUILT_IN:
        return Why(f"there is no NetworkPolicy in {kind.api}: write networking.k8s.io/v1", True)
    if kind.group is None or kind.group in BUILT_IN:
        return _built_in(kind)
    near = nearest(kind.group, list(BUILT_IN), alike=0.85)
    if near and kind.name in BUILT_IN[near[0]]:
        return Why(f"no API group is called {kind.group}; did you mean {near[0]}?", True)
    return Why("it isn't judged: only policies of networking.k8s.io/v1 are", True)


def _built_in(kind: Kind) -> Why | None:
    """A kind of a group that every cluster has: known, or misspelt."""
    known = EVERYWHERE if kind.group is None else BUILT_IN[kind.group]
    if kind.name in known:
        return None
    if kind.name in EVERYWHERE:
        return Why(
            f"there is no {kind.name} in {kind.api}: it is in the API group {EVERYWHERE[kind.name] or 'v1'}",
            kind.name in DECIDING,
        )
    folded = {name.lower(): name for name in EVERYWHERE}
    one = kind.name.lower()
    near = [one] if one in folded else nearest(one, list(folded), alike=0.75)
    meant = folded[near[0]] if near else ""
    if kind.group is None and not meant:
        return Why("it has no apiVersion, and no kind of every cluster is called so", pods=True)
    where = f" in {kind.api}" if kind.api else ""
    hint = f"; did you mean {meant}?" if meant else ""
    return Why(f"there is no kind {kind.name[:63]}{where}{hint}", meant in DECIDING, meant in DECIDING)


def tally(objects: Iterable[tuple[Json, Why]]) -> tuple[Unread, ...]:
    """Objects with their reasons as one record a kind; those that could overturn a verdict first."""
    groups: dict[tuple[str, str, Why], list[Json]] = {}
    for item, why in objects:
        kind = kind_of(item)
        groups.setdefault((kind.name, kind.api, why), []).append(item)
    found = [
        Unread(
            kind,
            api,
            len(items),
            why.text,
            why.overturns,
            why.pods,
            tuple(filter(None, map(_name, items))),
            _namespaces(items),
            tuple(items),
        )
        for (kind, api, why), items in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.overturns, not one.pods)))


def _namespaces(items: Iterable[Json]) -> tuple[str, ...]:
    spaces = [_metadata(item, "namespace") for item in items]
    return tuple(dict.fromkeys(spaces)) if all(spaces) else ()


def _name(item: Json) -> str:
    """The object's name; without one the file that holds it."""
    place = place_of(item)
    return _metadata(item, "name") or (place.file if place is not None else "")


def _metadata(item: Json, field_name: str) -> str:
    metadata = item.get("metadata")
    value = metadata.get(field_name) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""
