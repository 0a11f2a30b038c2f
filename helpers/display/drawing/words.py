"""What the graph says in words: labels, tooltips."""

import re
from typing import Any

from helpers.display.drawing.scene import ALLOWED, BLOCKED, WORDS, Edge, Node
from helpers.lab.cluster.looking import end_name
from helpers.policies import home
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.wording import short

STATES = {
    "open": "open",
    "ingress": "ingress isolated",
    "egress": "egress isolated",
    "both": "isolated both ways",
    OUTSIDE: "",
}
_LETTERS = 17  # of a policy's name in one line of a label


def node_words(node: Node) -> str:
    """A node's tooltip."""
    if node.key == OUTSIDE:
        return "The world outside of the cluster: browsers come from here"
    if not node.namespace:
        return f"{node.name}: not among the cluster's pods"
    name = short(node.key) + (f" ({node.pods} pods)" if node.pods != 1 else "")
    if node.state == "open":
        return f"{name}: no policy selects it; everything may reach it, and it may reach everything"
    sides = [
        f"{direction} isolated by {', '.join(map(bare, policies))}"
        for direction, policies in (("ingress", node.ingress), ("egress", node.egress))
        if policies
    ]
    if node.no_dns:
        sides.append("it cannot reach the cluster's DNS, so it finds no Service by name")
    return f"{name}: {'; '.join(sides)}"


def arrow_words(edge: Edge) -> str:
    """A needed call, with the Service's port where that is another than the pod's."""
    through = f" (Service port {edge.service_port})" if edge.service_port not in (0, edge.port) else ""
    return f"{short(edge.source)} → {short(edge.target)} {edge.protocol} {edge.port}{through}"


def edge_words(edge: Edge, *, plain: bool = False) -> str:
    """An edge's tooltip: the word for its state, then the engine's sentence."""
    call = f"{short(edge.source)} → {short(edge.target)} {edge.protocol} {edge.port}"
    if plain:
        return call + (f", through the Service's port {edge.service_port}" if edge.service_port else "")
    change = f" ({edge.change}, by the last policy)" if edge.change else ""
    return f"{call}: {WORDS[edge.state]}{change}. {edge.sentence}"


def label_rows(edge: Edge, *, plain: bool = False) -> list[tuple[str, bool]]:
    """The rows of an edge's label, and whether each stands out: the port, then the policies that allow the call."""
    port = str(edge.port) if edge.protocol == "TCP" else f"{edge.port}/{edge.protocol}"
    if plain:
        through = edge.service_port and edge.service_port != edge.port
        return [(f"{edge.service_port} → {port}" if through else port, False)]
    if edge.change in ("now allowed", "now blocked"):
        first = (f"{port} {edge.change}", True)
    else:
        first = (f"{port} blocked", True) if edge.state == BLOCKED else (port, False)
    names = list(map(bare, edge.policies)) if edge.state == ALLOWED else []
    return [first, *((name, bool(edge.change)) for name in wrapped(names))]


def wrapped(names: list[str], lines: int = 3) -> list[str]:
    """Policies' names in so many lines: one is broken at hyphens, of several each is cut, and the rest is counted."""
    if len(names) > 1:
        kept = names if len(names) <= lines else names[: lines - 1]
        return [*map(_cut, kept), *([f"+{len(names) - len(kept)} more"] if kept is not names else [])]
    return _broken(names[0], lines) if names else []


def _broken(name: str, lines: int) -> list[str]:
    """One name in lines that end in hyphens."""
    found = [""]
    for part in re.findall(r"[^-]*-|[^-]+$", name):
        if found[-1] and len(found[-1]) + len(part) > _LETTERS:
            found.append("")
        found[-1] += part
    return [_cut(line) for line in [*found[: lines - 1], "".join(found[lines - 1 :])] if line]


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def bare(key: str) -> str:
    """A policy's name without the namespace in which one works."""
    return home.short(key)


def workload_name(end: dict[str, Any]) -> str:
    """One end by its workload, as far as its labels tell it: restarts then stay one line of a group."""
    label = (end.get("labels") or {}).get("app") or (end.get("labels") or {}).get("k8s-app")
    name = end_name(end)
    return f"{name.rpartition('/')[0]}/{label}".lstrip("/") if label else name
