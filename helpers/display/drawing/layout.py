"""Where everything stands: laid out once from the needed calls alone, so that nothing jumps as policies pile up.

Every label gets the same room, written in or not. All lengths are points.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from helpers.display.drawing import dot
from helpers.display.drawing.geometry import Room, around
from helpers.display.drawing.scene import CROWDED
from helpers.display.drawing.sketch import Point

if TYPE_CHECKING:
    import graphviz

NODE_HEIGHT = 36.0
LABEL_HEIGHT = 27.0
_CALLER_GAP = 22.0  # between a caller and the entrance below or above it
_FAN, _BUNDLE = 18.0, 10.0  # before a label, where lines fan out, and behind it, where they come together
_FRAME, _FRAME_NAME = 10.0, 20.0  # round a namespace, and above it for its name


Key = tuple[str, str, int, str]
"""An edge: source, target, port, protocol."""

Box = tuple[str, str, float]
"""A node: key, namespace, width."""


@dataclass(frozen=True)
class Course:
    """An edge's line as graphviz has it (no points for a caller's), its arrow's tip, and its label's room."""

    points: tuple[Point, ...]
    tip: Point
    label: Room | None


@dataclass(frozen=True)
class Layout:
    """Rooms by node, courses by edge, and the namespaces' frames, where there are several."""

    places: dict[str, Room]
    courses: dict[Key, Course]
    frames: dict[str, Room] = field(default_factory=dict)

    @property
    def bounds(self) -> Room:
        labels = (course.label for course in self.courses.values() if course.label)
        return around([*self.places.values(), *labels, *self.frames.values()])


def laid_out(nodes: Sequence[Box], edges: Mapping[Key, float]) -> Layout:
    """Lay out nodes and edges, each with the width of its label. Raises DrawingError."""
    callers = _callers(nodes, edges)
    inner = [box for box in nodes if box[0] not in callers]
    rest = _draw(inner, {edge: width for edge, width in edges.items() if edge[0] not in callers})
    found = (_with_callers(rest, nodes, callers, edges) or _draw(nodes, edges)) if callers else rest
    return replace(found, frames=_frames(found, nodes))


def _draw(nodes: Sequence[Box], edges: Mapping[Key, float]) -> Layout:
    found = json.loads(dot.draw(_described(nodes, edges), "json"))
    return Layout(_places(found, nodes), _courses(found, edges))


def _callers(nodes: Sequence[Box], edges: Mapping[Key, float]) -> dict[str, str]:
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
    layout: Layout, nodes: Sequence[Box], callers: dict[str, str], edges: Mapping[Key, float]
) -> Layout | None:
    """Put callers above and below whom they call, their labels to the left; None if there is no room."""
    places, courses = dict(layout.places), dict(layout.courses)
    widths = {key: width for key, _, width in nodes}
    above: set[str] = set()
    for source, target in callers.items():
        goal, sign = layout.places[target], -1 if target in above else 1
        above.add(target)
        width, y = widths[source], goal.y + sign * (NODE_HEIGHT + _CALLER_GAP)
        place = Room(goal.x + (goal.width - width) / 2, y, width, NODE_HEIGHT)
        if any(place.near(other, 8, 4) for other in places.values()):
            return None
        places[source] = place
        left = min(goal.left, place.left)
        own = {edge: length for edge, length in edges.items() if edge[0] == source}
        if len(own) > 1:
            return None
        for edge, length in own.items():
            label = Room(left - length / 2 - 34, (y + goal.y) / 2, length, LABEL_HEIGHT)
            courses[edge] = Course((), (goal.left, goal.y), label)
    return Layout(places, courses)


def _frames(layout: Layout, nodes: Sequence[Box]) -> dict[str, Room]:
    """A frame round each namespace's workloads and the labels between them, if there are several namespaces."""
    namespaces = list(dict.fromkeys(namespace for _, namespace, _ in nodes if namespace))
    found: dict[str, Room] = {}
    for namespace in namespaces if len(namespaces) > 1 else ():
        own = {key for key, home, _ in nodes if home == namespace}
        rooms = [layout.places[key] for key in own]
        rooms += [
            course.label
            for (source, target, *_), course in layout.courses.items()
            if course.label and source in own and target in own
        ]
        room = around(rooms)
        height = room.height + _FRAME + _FRAME_NAME
        found[namespace] = Room(room.x, room.y + (_FRAME_NAME - _FRAME) / 2, room.width + 2 * _FRAME, height)
    return found


def _described(nodes: Sequence[Box], edges: Mapping[Key, float]) -> str:
    """The bare graph; nodes and edges go by their numbers, so that no name can disturb."""
    import graphviz

    crowded = len(edges) > CROWDED
    graph = graphviz.Digraph(
        "plan",
        graph_attr={
            "rankdir": "LR",
            "nodesep": "0.14" if crowded else "0.1",
            "ranksep": "0.9" if crowded else "0.22",
            "splines": "true",
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": "", "height": f"{NODE_HEIGHT / 72:.3f}"},
        edge_attr={"arrowsize": "0.8"},
    )
    _describe_nodes(graph, nodes, edges)
    numbers = {key: str(number) for number, (key, _, _) in enumerate(nodes)}
    for number, ((source, target, *_), width) in enumerate(edges.items()):
        room = {} if crowded else {"label": _ROOM.format(width=width + _FAN + _BUNDLE, height=LABEL_HEIGHT)}
        graph.edge(numbers[source], numbers[target], comment=str(number), **room)
    return str(graph.source)


_ROOM = (
    '<<table border="0" cellborder="0" fixedsize="true" width="{width:.0f}" height="{height:.0f}">'
    "<tr><td></td></tr></table>>"
)


def _describe_nodes(graph: graphviz.Digraph, nodes: Sequence[Box], edges: Mapping[Key, float]) -> None:
    """The nodes by namespace, in clusters if there are several, and who stands in one column with whom."""
    numbers = {key: str(number) for number, (key, _, _) in enumerate(nodes)}
    homes = {key: namespace for key, namespace, _ in nodes}
    namespaces = list(dict.fromkeys(homes.values()))
    several = len([namespace for namespace in namespaces if namespace]) > 1
    pairs = list(_pairs(edges))
    for place, namespace in enumerate(namespaces):
        framed = several and namespace
        with graph.subgraph(name=f"cluster_{place}" if framed else f"home_{place}") as home:
            if framed:
                home.attr(margin="14", label="room")
            for key, own, width in nodes:
                if own == namespace:
                    home.node(numbers[key], width=f"{width / 72:.3f}")
            for pair in pairs:
                if homes[pair[0]] == homes[pair[1]] == namespace:
                    with home.subgraph() as column:
                        column.attr(rank="same")
                        for key in pair:
                            column.node(numbers[key])


def _pairs(edges: Mapping[Key, float]) -> Iterator[tuple[str, str]]:
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


def _places(found: dict[str, Any], nodes: Sequence[Box]) -> dict[str, Room]:
    """The nodes' places in graphviz's JSON."""
    places = {}
    for item in found.get("objects") or []:
        if "pos" in item and item["name"].isdigit():
            x, y = map(float, item["pos"].split(","))
            places[nodes[int(item["name"])][0]] = Room(x, y, float(item["width"]) * 72, float(item["height"]) * 72)
    return places


def _courses(found: dict[str, Any], edges: Mapping[Key, float]) -> dict[Key, Course]:
    """The edges' courses in graphviz's JSON, in which the tip stands first."""
    courses, keys = {}, list(edges)
    for item in found.get("edges") or []:
        tip, *points = (_point(pair.removeprefix("e,")) for pair in item["pos"].split())
        edge = keys[int(item["comment"])]
        x, y = _point(item["lp"]) if "lp" in item else (0.0, 0.0)
        label = Room(x + (_FAN - _BUNDLE) / 2, y, edges[edge], LABEL_HEIGHT) if "lp" in item else None
        courses[edge] = Course(tuple(points), tip, label)
    return courses


def _point(pair: str) -> Point:
    x, y = pair.split(",")
    return float(x), float(y)
