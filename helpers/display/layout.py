"""Where everything stands: laid out once from the needed calls alone, so that nothing jumps as policies pile up.

Every label gets the same room, written in or not. All lengths are points.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from helpers.display import dot
from helpers.display.dot import quoted
from helpers.display.scene import EXTRA, Node, Scene

NODE_HEIGHT = 36.0
LABEL_WIDTH, LABEL_HEIGHT = 96.0, 31.0
CROWDED = 40
"""Above so many edges their labels get no room of their own: names are in the tooltips."""

_PER_LETTER, _MARGIN, _NARROWEST = 6.3, 26.0, 84.0


@dataclass(frozen=True)
class Place:
    """A node's middle and size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Course:
    """An edge's line as graphviz writes it (`pos`) and its label's middle."""

    line: str
    label: tuple[float, float] | None


@dataclass(frozen=True)
class Layout:
    """Places by node, courses by edge (source, target, port), and the size of it all."""

    places: dict[str, Place]
    courses: dict[tuple[str, str, int], Course]
    width: float
    height: float


def width_of(node: Node) -> float:
    return max(_NARROWEST, len(node.name) * _PER_LETTER + _MARGIN)


def layout_of(scene: Scene) -> Layout:
    """Lay a scene out; the same workloads and calls always give the same layout."""
    nodes = tuple((node.key, node.namespace, width_of(node)) for node in scene.nodes)
    edges = tuple((edge.source, edge.target, edge.port) for edge in scene.edges if edge.state != EXTRA)
    return _layout(nodes, edges)


@lru_cache(maxsize=32)
def _layout(nodes: tuple[tuple[str, str, float], ...], edges: tuple[tuple[str, str, int], ...]) -> Layout:
    return _read(json.loads(dot.draw(_source(nodes, edges), "json")), edges)


def _source(nodes: tuple[tuple[str, str, float], ...], edges: tuple[tuple[str, str, int], ...]) -> str:
    crowded = len(edges) > CROWDED
    lines = ["digraph plan {", f"rankdir=LR; nodesep={0.14 if crowded else 0.2}; ranksep={0.9 if crowded else 0.3}; "
             "splines=true; node [shape=box fixedsize=true label=\"\"]; edge [arrowsize=0.8]"]
    namespaces = list(dict.fromkeys(namespace for _, namespace, _ in nodes))
    several = len([namespace for namespace in namespaces if namespace]) > 1
    for number, namespace in enumerate(namespaces):
        if several and namespace:
            lines.append(f"subgraph cluster_{number} {{ margin=14; label={quoted(namespace)};")
        lines += [f"{quoted(key)} [width={width / 72:.3f} height={NODE_HEIGHT / 72:.3f}]"
                  for key, own, width in nodes if own == namespace]
        if several and namespace:
            lines.append("}")
    room = (f'<<table border="0" cellborder="0" fixedsize="true" width="{LABEL_WIDTH:.0f}" '
            f'height="{LABEL_HEIGHT:.0f}"><tr><td></td></tr></table>>')
    for number, (source, target, _) in enumerate(edges):
        label = "" if crowded else f" label={room}"
        lines.append(f"{quoted(source)} -> {quoted(target)} [comment=\"{number}\"{label}]")
    return "\n".join([*lines, "}"])


def _read(found: dict[str, object], edges: tuple[tuple[str, str, int], ...]) -> Layout:
    objects: list[dict[str, str]] = found.get("objects") or []  # type: ignore[assignment]
    places = {}
    for item in objects:
        if "pos" in item:
            x, y = map(float, item["pos"].split(","))
            places[item["name"]] = Place(x, y, float(item["width"]) * 72, float(item["height"]) * 72)
    courses = {}
    lines: list[dict[str, str]] = found.get("edges") or []  # type: ignore[assignment]
    for item in lines:
        label = item.get("lp")
        x, y = map(float, label.split(",")) if label else (0.0, 0.0)
        courses[edges[int(item["comment"])]] = Course(item["pos"], (x, y) if label else None)
    box = [float(number) for number in str(found.get("bb") or "0,0,0,0").split(",")]
    return Layout(places, courses, box[2], box[3])

