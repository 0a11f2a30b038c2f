"""Least privilege, written for you: policies that allow the arrows that are needed and nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies.application.need import Arrow, needs
from helpers.policies.model.naming import is_system
from helpers.policies.wording import listed, plural
from helpers.policies.world import World
from helpers.policies.writing.doubts import doubts, unread
from helpers.policies.writing.drafting import Draft
from helpers.policies.writing.proving import Proof, prove

Json = dict[str, Any]
STYLES = ("arrow", "workload")
_BY = {
    "address": "addresses that workloads are given",
    "exposure": "exposure to the outside",
    "scrape": "fetching of metrics",
    "api": "use of the API server",
    "flow": "the flow log",
}


@dataclass(frozen=True)
class Suggestion:
    """Policies as objects, the arrows they are made for, notes for the reader, and the proof by the matrix.

    `left_out` are the workloads ("ns/name[Kind]") over which nothing is suggested, because nothing was found of them.
    """

    policies: tuple[Json, ...]
    arrows: tuple[Arrow, ...]
    notes: tuple[str, ...]
    proof: Proof
    left_out: tuple[str, ...] = ()

    def yaml(self) -> str:
        """The policies as one YAML text, ready for `kubectl apply -f -`; empty without any."""
        import yaml

        return str(yaml.safe_dump_all(self.policies, sort_keys=False, explicit_start=True)) if self.policies else ""

    def as_dict(self) -> Json:
        return {
            "policies": list(self.policies),
            "notes": list(self.notes),
            "proof": self.proof.as_dict(),
            "arrows": [arrow.as_dict() for arrow in self.arrows],
            "evidence": self.evidence,
            "leftOut": list(self.left_out),
        }

    def __str__(self) -> str:
        return self.yaml()

    @property
    def evidence(self) -> dict[str, int]:
        """How many arrows are known by each kind of evidence; an arrow may be by several."""
        return dict(Counter(kind for arrow in self.arrows for kind in {one.kind for one in arrow.evidence}))

    @property
    def found(self) -> str:
        """`17 arrows: 16 by addresses that workloads are given, 1 by exposure to the outside`."""
        kinds = self.evidence
        by = listed(f"{kinds[kind]} by {words}" for kind, words in _BY.items() if kind in kinds)
        return f"{plural(len(self.arrows), 'arrow')}: {by}" if by else "no arrow"

    @property
    def counted(self) -> str:
        return f"{plural(len(self.policies), 'policy', 'policies')} for {plural(len(self.arrows), 'arrow')}"

    def __repr__(self) -> str:
        return f"<Suggestion of {self.counted}: {self.proof.sentence}>"


def suggest(
    world: World | Iterable[Mapping[str, Any]],
    flows: Iterable[Mapping[str, Any]] | None = None,
    *,
    declarations: bool = True,
    style: str = "arrow",
    ingress: bool = True,
    egress: bool = True,
    dns: bool = True,
    namespaces: Iterable[str] | None = None,
    deny_unknown: bool = False,
    verdicts: Iterable[str] = ("allowed",),
) -> Suggestion:
    """Policies for the arrows that the manifests declare, that `flows` (a flow log's objects) show, or both.

    `style` is "arrow" (one policy an arrow, in the course's way, over a default deny) or "workload" (one policy a
    workload). `ingress`, `egress` and `dns` say which directions to limit and whether to let pods ask the cluster's
    DNS; `namespaces` defaults to all but the cluster's own. A workload of which no arrow is found is left alone, unless
    `deny_unknown`. `verdicts` are those flows that count as needed.
    """
    if style not in STYLES:
        raise ValueError(f"style is 'arrow' or 'workload', not {style!r}")
    world = world if isinstance(world, World) else World.of(world)
    found = needs(world, flows, declarations=declarations, verdicts=verdicts)
    chosen = (
        set(namespaces)
        if namespaces is not None
        else {pod.namespace for pod in world.pods if not is_system(pod.namespace)}
    )
    arrows = tuple(one for one in found if {end.partition("/")[0] for end in (one.source, one.target)} & chosen)
    draft = Draft(
        world,
        arrows,
        chosen,
        ingress=ingress,
        egress=egress,
        dns=dns,
        unknown=deny_unknown,
        unread=lambda namespace: bool(unread(world, namespace)),
    )
    policies = draft.by_arrow() if style == "arrow" else draft.by_workload()
    proof = prove(world, policies, draft, doubts(world, draft, policies))
    notes = (*found.notes, *(_differences(arrows) if declarations and flows is not None else ()), *draft.notes)
    return Suggestion(tuple(policies), arrows, notes, proof, (*draft.unknown, *draft.inseparable))


def _key(policy: Json) -> str:
    return f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"


def _differences(arrows: Iterable[Arrow]) -> Iterator[str]:
    """What only the manifests or only the flow log knows."""
    for arrow in arrows:
        kinds = {one.kind == "flow" for one in arrow.evidence}
        if kinds == {True}:
            yield f"{arrow} was seen in the flow log and is declared nowhere."
        elif kinds == {False}:
            yield f"{arrow} is declared ({arrow.evidence[0]}) and was not seen in the flow log."
