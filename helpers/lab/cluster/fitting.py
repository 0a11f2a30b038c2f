"""Manifests are plain, and say what the texts say; before they are applied they are fitted to the cluster."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.lab.cluster import belonging, looking, session

if TYPE_CHECKING:
    from helpers.policies.application.networks import Networks

LAB_NETWORK = "10.244.0.0/16"
"""The pods' network in the course's manifests: the lab's own."""


@dataclass(frozen=True)
class Fitted:
    """A manifest's text for this cluster, and in a sentence each what is other than it was written."""

    text: str
    notes: tuple[str, ...] = ()


def fitted(text: str, networks: "Networks | None" = None) -> Fitted:
    """A manifest with the names that lessons' namespaces have here, and with the pods' network of this cluster.

    `networks` are the pods' where they are known; else the cluster is asked.
    """
    notes = []
    for name in belonging.BESIDE:
        own = belonging.namespace(name)
        renamed = _renamed(text, name, own)
        if renamed != text:
            text = renamed
            notes.append(f"The namespace {name} is called {own} here.")
    if _NETWORK.search(text) and (networks is not None or session.current_or_none() is not None):
        found = networks or _networks()
        blocks = [block for block in found.blocks if ":" not in block]
        if blocks and blocks != [LAB_NETWORK]:
            text = _NETWORK.sub(lambda network: _listed(network["lead"], network["dash"], blocks), text)
            shown = ", ".join(blocks)
            notes.append(f"The pods' network is {shown} here, as {found.evidence} say: it stands for {LAB_NETWORK}.")
    return Fitted(text, tuple(notes))


def _renamed(text: str, name: str, own: str) -> str:
    field = rf"""((?:kubernetes\.io/metadata\.name|namespace)["']?:\s+["']?){name}(?=["'\s,}}]|$)"""
    return re.sub(field, lambda found: found[1] + own, text)


_NETWORK = re.compile(rf"(?P<lead>[ \t]*)(?P<dash>- )?[\"']?{re.escape(LAB_NETWORK)}[\"']?(?!\d)")


def _listed(lead: str, dash: str | None, blocks: list[str]) -> str:
    """The blocks as items of a list, in the style of the one that they replace."""
    if dash:
        return "\n".join(f"{lead}- {block}" for block in blocks)
    return lead + ", ".join(blocks)


def _networks() -> "Networks":
    from helpers.policies.application.networks import pod_networks

    return pod_networks(looking.world())
