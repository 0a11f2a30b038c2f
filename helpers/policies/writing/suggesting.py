"""Least privilege, written for you: policies that allow the arrows that are needed and nothing more."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies.application.need import Arrow, needs
from helpers.policies.model.naming import is_system
from helpers.policies.wording import plural, short
from helpers.policies.world import World
from helpers.policies.writing.drafting import Draft
from helpers.policies.writing.proving import Proof, prove

Json = dict[str, Any]


@dataclass(frozen=True)
class Suggestion:
    """Policies as objects, the arrows they are made for, notes for the reader, and the proof by the matrix."""

    policies: tuple[Json, ...]
    arrows: tuple[Arrow, ...]
    notes: tuple[str, ...]
    proof: Proof

    def yaml(self) -> str:
        """The policies as one YAML text, ready for `kubectl apply -f -`."""
        import yaml

        return str(yaml.safe_dump_all(self.policies, sort_keys=False, explicit_start=True))

    def as_dict(self) -> Json:
        return {"policies": list(self.policies), "notes": list(self.notes), "proof": self.proof.as_dict(),
                "arrows": [arrow.as_dict() for arrow in self.arrows]}

    def __str__(self) -> str:
        return self.yaml()

    @property
    def _counted(self) -> str:
        return f"{plural(len(self.policies), 'policy', 'policies')} for {plural(len(self.arrows), 'arrow')}"

    def __repr__(self) -> str:
        return f"<Suggestion of {self._counted}: {self.proof.sentence}>"

    def _repr_html_(self) -> str:
        checked = ("they allow these arrows and nothing more" if self.proof.exact else
                   f"{self.proof.sentence}, as <code>.proof</code> lists")
        names = "".join(f"<li>{html.escape(short(_key(item)))}</li>" for item in self.policies)
        folded = f"<details><summary>The policies</summary><ul>{names}</ul></details>" if names else ""
        return f"<p><strong>{self._counted}.</strong> Checked by the matrix: {checked}.</p>{folded}"


def suggest(world: World | Iterable[Mapping[str, Any]], flows: Iterable[Mapping[str, Any]] | None = None, *,
            declarations: bool = True, style: str = "arrow", ingress: bool = True, egress: bool = True,
            dns: bool = True, namespaces: Iterable[str] | None = None,
            verdicts: Iterable[str] = ("allowed",)) -> Suggestion:
    """Policies for the arrows that the manifests declare, that `flows` (a flow log's objects) show, or both.

    `style` is "arrow" (one policy an arrow, in the course's way, over a default deny) or "workload" (one policy a
    workload). `ingress`, `egress` and `dns` say which directions to limit and whether to let pods ask the cluster's
    DNS; `namespaces` defaults to all but the system's. `verdicts` are those flows that count as needed.
    """
    if style not in ("arrow", "workload"):
        raise ValueError(f"style is 'arrow' or 'workload', not {style!r}")
    world = world if isinstance(world, World) else World.of(world)
    found = needs(world, flows, declarations=declarations, verdicts=verdicts)
    chosen = sorted(set(namespaces) if namespaces is not None else
                    {pod.namespace for pod in world.pods if not is_system(pod.namespace)})
    needed = found.arrows
    notes = [*found.notes, *(_differences(needed) if declarations and flows is not None else ())]
    draft = Draft(world, needed, chosen, ingress=ingress, egress=egress, dns=dns)
    policies = draft.by_arrow() if style == "arrow" else draft.by_workload()
    proof = prove(world, policies, draft)
    return Suggestion(tuple(policies), needed, (*notes, *draft.notes), proof)


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
