"""What the graph says in words: labels, tooltips."""

from collections.abc import Sequence
from typing import Any

from helpers.display.drawing.scene import BLOCKED, EXTRA, WORDS, Edge, Node
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


def node_words(node: Node) -> str:
    """A node's tooltip."""
    if node.key == OUTSIDE:
        return "The world outside of the cluster: browsers come from here"
    if not node.namespace:
        return f"{node.name}: not among the cluster's pods"
    name = short(node.key) + (f" ({node.pods} pods)" if node.pods != 1 else "")
    more = _needless(node.others_in, node.others_out)
    if node.state == "open":
        return f"{name}: no policy selects it; everything may reach it, and it may reach everything{more}"
    sides = [
        f"{direction} isolated by {', '.join(map(bare, policies))}"
        for direction, policies in (("ingress", node.ingress), ("egress", node.egress))
        if policies
    ]
    if node.no_dns:
        sides.append("it cannot reach the cluster's DNS, so it finds no Service by name")
    return f"{name}: {'; '.join(sides)}{more}"


def _needless(into: int, out_of: int) -> str:
    sides = [
        f"{count} {'call' if count == 1 else 'calls'} {side}"
        for count, side in ((into, "into it"), (out_of, "out of it"))
        if count
    ]
    return f"; {WORDS[EXTRA]}: {' and '.join(sides)}" if sides else ""


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


def port_words(edge: Edge, *, plain: bool = False) -> str:
    """The port on an edge's label; in a plan, from the Service's port to the pod's where they differ."""
    port = str(edge.port) if edge.protocol == "TCP" else f"{edge.port}/{edge.protocol}"
    return f"{edge.service_port} → {port}" if plain and edge.service_port not in (0, edge.port) else port


def fate_words(edge: Edge, numbers: Sequence[int]) -> str:
    """What stands below the port: that the call is blocked, or the numbers of the policies that allow it."""
    if edge.state == BLOCKED:
        return "blocked"
    shown = list(map(str, numbers)) if len(numbers) <= 2 else [str(numbers[0]), f"+{len(numbers) - 1}"]
    return f"[{', '.join(shown)}]" if numbers else ""


def more_words(into: int, out_of: int) -> str:
    """How many needless calls of a workload are not drawn."""
    return ", ".join(f"+{count} {side}" for count, side in ((into, "in"), (out_of, "out")) if count)


def bare(key: str) -> str:
    """A policy's name without the namespace in which one works."""
    return home.short(key)


def workload_name(end: dict[str, Any]) -> str:
    """One end by its workload, as far as its labels tell it: restarts then stay one line of a group."""
    label = (end.get("labels") or {}).get("app") or (end.get("labels") or {}).get("k8s-app")
    name = end_name(end)
    return f"{name.rpartition('/')[0]}/{label}".lstrip("/") if label else name
