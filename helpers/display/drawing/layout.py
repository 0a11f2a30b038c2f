"""Where everything stands: laid out once from the needed calls alone, so that nothing jumps as policies pile up.

Every label gets the same room, written in or not. All lengths are points.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from helpers.display.drawing import dot
from helpers.display.drawing.scene import CROWDED, EXTRA, Node, Scene

NODE_HEIGHT = 38.0
LABEL_WIDTH, LABEL_HEIGHT = 82.0, 45.0
_PER_LETTER, _MARGIN, _NARROWEST = 6.7, 20.0, 100.0
_CALLER_GAP = 26.0  # between a caller and the entrance below or above it


Key = tuple[str, str, int, str]
"""An edge: source, target, port, protocol."""

Box = tuple[str, str, float]
"""A node: key, namespace, width."""


@dataclass(frozen=True)
class Place:
    """A node's middle and size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Course:
    """An edge's line as graphviz writes it (`pos`, empty for a caller's) and its label's middle."""

    line: str
    label: tuple[float, float] | None


@dataclass(frozen=True)
class Layout:
    """Places by node, courses by edge, and how far it all reaches from `left` (0 or less) and from 0 upwards."""

    places: dict[str, Place]
    courses: dict[Key, Course]
    left: float
    width: float
    height: float


def width_of(node: Node) -> float:
    return max(_NARROWEST, len(node.title) * _PER_LETTER + _MARGIN)


def layout_of(scene: Scene) -> Layout:
    """Lay a scene out; the same workloads and calls always give the same layout."""
    nodes = tuple((node.key, node.namespace, width_of(node)) for node in scene.nodes)
    edges = tuple((edge.source, edge.target, edge.port, edge.protocol) for edge in scene.edges if edge.state != EXTRA)
    return _layout(nodes, edges)


@lru_cache(maxsize=32)
def _layout(nodes: tuple[Box, ...], edges: tuple[Key, ...]) -> Layout:
    callers = _callers(nodes, edges)
    inner = tuple(box for box in nodes if box[0] not in callers)
    rest = _draw(inner, [edge for edge in edges if edge[0] not in callers])
    found = _with_callers(rest, nodes, callers, edges) if callers else rest
    return found or _draw(nodes, edges)


def _draw(nodes: Sequence[Box], edges: Sequence[Key]) -> Layout:
    return _read(json.loads(dot.draw(_source(nodes, edges), "json")), nodes, edges)


def _callers(nodes: Sequence[Box], edges: Sequence[Key]) -> dict[str, str]:
    """Those who only call, and only one, with whom: they need no column of their own. Two at most for each.

    Where namespaces have frames, a caller from elsewhere must not come to stand inside of one.
    """
    homes = {key: namespace for key, namespace, _ in nodes}
    framed = len({namespace for namespace in homes.values() if namespace}) > 1
    called = {target for _, target, *_ in edges}
    calls: dict[str, set[str]] = {}
    for source, target, *_ in edges:
        calls.setdefault(source, set()).add(target)
    found: dict[str, list[str]] = {}
    for source, targets in calls.items():
        target = next(iter(targets))
        if source not in called and len(targets) == 1 and not (framed and homes[source] != homes[target]):
            found.setdefault(target, []).append(source)
    return {
        source: target
        for target, sources in found.items()
        if len(sources) <= 2 and calls.get(target)
        for source in sources
    }


def _with_callers(
    layout: Layout, nodes: tuple[Box, ...], callers: dict[str, str], edges: tuple[Key, ...]
) -> Layout | None:
    """Put callers above and below whom they call, their labels to the left; None if there is no room."""
    places, courses = dict(layout.places), dict(layout.courses)
    widths = {key: width for key, _, width in nodes}
    above: set[str] = set()
    for source, target in callers.items():
        goal, sign = layout.places[target], -1 if target in above else 1
        above.add(target)
        width, y = widths[source], goal.y + sign * (NODE_HEIGHT + _CALLER_GAP)
        place = Place(goal.x + (goal.width - width) / 2, y, width, NODE_HEIGHT)
        if any(_near(place, other) for other in places.values()):
            return None
        places[source] = place
        left = min(goal.x - goal.width / 2, place.x - width / 2)
        at = (left - LABEL_WIDTH / 2 - 10, (y + goal.y) / 2)
        courses |= {edge: Course("", at) for edge in edges if edge[0] == source}
    reach = min(course.label[0] for key, course in courses.items() if key[0] in callers and course.label)
    top = max(place.y + NODE_HEIGHT / 2 for place in places.values())
    return Layout(places, courses, min(layout.left, reach - LABEL_WIDTH / 2), layout.width, max(layout.height, top))


def _near(place: Place, other: Place) -> bool:
    return (
        abs(place.x - other.x) < (place.width + other.width) / 2 + 8
        and abs(place.y - other.y) < (place.height + other.height) / 2 + 4
    )


def _source(nodes: Sequence[Box], edges: Sequence[Key]) -> str:
    """The bare graph; nodes and edges go by their numbers, so that no name can disturb."""
    crowded = len(edges) > CROWDED
    lines = [
        "digraph plan {",
        f"rankdir=LR; nodesep={0.14 if crowded else 0.08}; ranksep={0.9 if crowded else 0.3}; "
        'splines=true; node [shape=box fixedsize=true label=""]; edge [arrowsize=0.8]',
    ]
    numbers = {key: number for number, (key, _, _) in enumerate(nodes)}
    homes = {key: namespace for key, namespace, _ in nodes}
    pairs = list(_pairs(edges))
    namespaces = list(dict.fromkeys(namespace for _, namespace, _ in nodes))
    several = len([namespace for namespace in namespaces if namespace]) > 1
    for place, namespace in enumerate(namespaces):
        framed = several and namespace
        lines += [f"subgraph cluster_{place} {{ margin=14; label=room;"] if framed else []
        lines += [
            f"{number} [width={width / 72:.3f} height={NODE_HEIGHT / 72:.3f}]"
            for number, (_, own, width) in enumerate(nodes)
            if own == namespace
        ]
        lines += [
            f"{{rank=same; {numbers[one]}; {numbers[other]}}}"
            for one, other in pairs
            if homes[one] == homes[other] == namespace
        ]
        lines += ["}"] if framed else []
    room = (
        (
            f' label=<<table border="0" cellborder="0" fixedsize="true" width="{LABEL_WIDTH:.0f}" '
            f'height="{LABEL_HEIGHT:.0f}"><tr><td></td></tr></table>>'
        )
        if not crowded
        else ""
    )
    lines += [
        f"{numbers[source]} -> {numbers[target]} [comment={number}{room}]"
        for number, (source, target, *_) in enumerate(edges)
    ]
    return "\n".join([*lines, "}"])


def _pairs(edges: Sequence[Key]) -> Iterator[tuple[str, str]]:
    """Callers of one workload that nobody else calls, and that calls nobody: it needs no column of its own."""
    callers: dict[str, set[str]] = {}
    calls: dict[str, set[str]] = {}
    for source, target, *_ in edges:
        callers.setdefault(target, set()).add(source)
        calls.setdefault(source, set()).add(target)
    for target, sources in callers.items():
        (source, *others) = sources
        if not others and target not in calls and calls[source] == {target} and source in callers:
            yield source, target


def _read(found: dict[str, Any], nodes: Sequence[Box], edges: Sequence[Key]) -> Layout:
    """Take places and courses out of graphviz's JSON."""
    places = {}
    for item in found.get("objects") or []:
        if "pos" in item:
            x, y = map(float, item["pos"].split(","))
            places[nodes[int(item["name"])][0]] = Place(x, y, float(item["width"]) * 72, float(item["height"]) * 72)
    courses = {}
    for item in found.get("edges") or []:
        label = tuple(map(float, item["lp"].split(","))) if "lp" in item else None
        courses[edges[int(item["comment"])]] = Course(item["pos"], (label[0], label[1]) if label else None)
    box = [float(number) for number in str(found.get("bb") or "0,0,0,0").split(",")]
    return Layout(places, courses, 0.0, box[2], box[3])
