"""The lines of the picture: smooth curves from a workload's right side, through the label's middle, to a left side.

Graphviz's own lines serve where such a curve would run through a workload. All lengths are points.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from helpers.display.drawing.layout import LABEL_HEIGHT, Course, Key, Layout, Place
from helpers.display.drawing.scene import EXTRA, Edge

Point = tuple[float, float]

ARROW = 8.0
_SPREAD, _STEP = 24.0, 7.0  # how far apart, altogether and one by one, lines leave a side


@dataclass(frozen=True)
class Route:
    """One line in graphviz's words (`pos`), and where its label belongs."""

    line: str
    label: Point | None


def routes_of(edges: Sequence[Edge], layout: Layout) -> list[Route]:
    """A route for each edge, in their order; needless calls get the one that meets the fewest workloads."""
    places = layout.places
    leaving = _ports(edges, layout, "source")
    entering = _ports(edges, layout, "target")
    found = []
    for edge in edges:
        if edge.state == EXTRA:
            found.append(_extra(edge, layout))
            continue
        if edge.source == edge.target:  # graphviz has kept room for a loop beside the workload
            found.append(Route(layout.courses[_key(edge)].line, layout.courses[_key(edge)].label))
            continue
        start = _side(places[edge.source], leaving[_key(edge)], right=True)
        end = _side(places[edge.target], entering[_key(edge)], right=False)
        found.append(_needed(edge, start, end, layout))
    return found


def _needed(edge: Edge, start: Point, end: Point, layout: Layout) -> Route:
    """Through the label's middle; level past the workloads above and below it, if that helps; else graphviz's line."""
    course = layout.courses[_key(edge)]
    if not course.line and course.label:
        return Route(
            _line(_round(_side(layout.places[edge.source], 0.0, right=False), course.label, end), end), course.label
        )
    if course.label is None:  # a crowded picture: graphviz knows best
        return Route(course.line, None)
    others = list(_others(edge, layout.places))
    at = (course.label[0], _height_at(course))
    tries = [_through(start, at, at, end), _through(start, *_level(at, layout), end)]
    found = [points for points in tries if points] + [_points(course)]
    best = min(found, key=lambda points: _hits(points, others))
    return Route(course.line, course.label) if best is found[-1] else Route(_line(best, end), at)


def _points(course: Course) -> list[Point]:
    """The points of graphviz's own line."""
    return [(float(a), float(b)) for a, b in (pair.split(",") for pair in course.line.split()[1:])]


def _height_at(course: Course) -> float:
    """Where graphviz's own line passes its label: a label stands beside the line, and here belongs on it."""
    assert course.label
    x, height = course.label
    points = _points(course)
    along = [point for start in range(0, len(points) - 3, 3) for point in _sampled(points[start : start + 4], 24)]
    nearest = min(along, key=lambda point: abs(point[0] - x), default=(x, height))
    return nearest[1] if abs(nearest[1] - height) < LABEL_HEIGHT else height


def _level(at: Point, layout: Layout) -> tuple[Point, Point]:
    """The stretch round a label on which its line runs level: as wide as the workloads above and below."""
    column = [place for place in layout.places.values() if abs(place.x - at[0]) < place.width / 2]
    half = max((place.width / 2 + abs(place.x - at[0]) for place in column), default=0.0) + 6
    return (at[0] - half, at[1]), (at[0] + half, at[1])


def _extra(edge: Edge, layout: Layout) -> Route:
    """The curve between any two sides that meets the fewest workloads, stays inside the picture, and is short."""
    source, target = layout.places[edge.source], layout.places[edge.target]
    others = list(_others(edge, layout.places))
    best: tuple[float, list[Point], Point] | None = None
    for (start, out), (end, back) in itertools.product(_sides(source), _sides(target)):
        if start == end:
            continue
        points, tip = _between(start, out, end, back)
        cost = _cost(points, others, layout)
        if best is None or cost < best[0]:
            best = (cost, points, tip)
    assert best
    return Route(_line(best[1], best[2]), None)


def _sides(place: Place) -> list[tuple[Point, Point]]:
    """Where a needless call may touch a workload, and the direction away from it; clear of the needed calls' middle."""
    width, height = place.width / 2, place.height / 2
    x, y = place.x, place.y
    return [
        ((x + width, y - height + 5), (1.0, 0.0)),
        ((x - width, y + height - 5), (-1.0, 0.0)),
        ((x + width / 3, y + height), (0.0, 1.0)),
        ((x - width / 3, y - height), (0.0, -1.0)),
    ]


def _between(start: Point, out: Point, end: Point, back: Point) -> tuple[list[Point], Point]:
    """A curve that leaves and arrives at right angles to the sides; and its arrow's tip."""
    stop = (end[0] + back[0] * ARROW, end[1] + back[1] * ARROW)
    reach = 18 + math.hypot(stop[0] - start[0], stop[1] - start[1]) * 0.3
    return [
        start,
        (start[0] + out[0] * reach, start[1] + out[1] * reach),
        (stop[0] + back[0] * reach, stop[1] + back[1] * reach),
        stop,
    ], end


def _cost(points: Sequence[Point], others: Sequence[Place], layout: Layout) -> float:
    along = _sampled(points, 12)
    outside = sum(not (layout.left <= x <= layout.width and 0 <= y <= layout.height) for x, y in along)
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(along))
    met = sum(any(_inside(point, place) for point in along) for place in others)
    return met * 1000 + outside * 200 + length


def _through(start: Point, first: Point, second: Point, end: Point) -> list[Point] | None:
    """Curves that are level at both ends and between two points; None if these lie to no side."""
    stop = end[0] - ARROW
    if not start[0] + 4 < first[0] <= second[0] < stop - 4:
        return None
    before, after = (first[0] - start[0]) / 2, (stop - second[0]) / 2
    third = (second[0] - first[0]) / 3
    between = [(first[0] + third, first[1]), (second[0] - third, second[1]), second] if third else []
    return [
        start,
        (start[0] + before, start[1]),
        (first[0] - before, first[1]),
        first,
        *between,
        (second[0] + after, second[1]),
        (stop - after, end[1]),
        (stop, end[1]),
    ]


def _round(start: Point, middle: Point, end: Point) -> list[Point]:
    """From a left side round to the left side of the workload below or above, through the label's middle."""
    stop = end[0] - ARROW
    (x, y), half = middle, 0.45
    return [
        start,
        (x, start[1]),
        (x, y + (start[1] - y) * half),
        middle,
        (x, y + (end[1] - y) * half),
        (x, end[1]),
        (stop, end[1]),
    ]


def _line(points: Sequence[Point], tip: Point) -> str:
    """Points in graphviz's words, the arrow's tip first."""
    return f"e,{_pair(tip)} " + " ".join(map(_pair, points))


def _pair(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _hits(points: Sequence[Point], places: Sequence[Place]) -> int:
    """How many of the places a line runs through."""
    along = [point for start in range(0, len(points) - 3, 3) for point in _sampled(points[start : start + 4], 24)]
    return sum(any(_inside(point, place) for point in along) for place in places)


def _inside(point: Point, place: Place) -> bool:
    return abs(point[0] - place.x) < place.width / 2 + 3 and abs(point[1] - place.y) < place.height / 2 + 3


def _sampled(points: Sequence[Point], count: int) -> list[Point]:
    """Points along one cubic curve, its ends left out."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    found = []
    for step in range(1, count):
        t = step / count
        u = 1 - t
        a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found


def _ports(edges: Sequence[Edge], layout: Layout, end: str) -> dict[Key, float]:
    """How far above or below a side's middle each needed line leaves or enters, so that lines don't cross at once."""
    by_node: dict[str, list[Edge]] = {}
    for edge in edges:
        if edge.state != EXTRA:
            by_node.setdefault(getattr(edge, end), []).append(edge)
    found: dict[Key, float] = {}
    for group in by_node.values():
        group.sort(key=lambda edge: _height(edge, layout, end))
        step = min(_STEP, _SPREAD / max(len(group) - 1, 1))
        found |= {_key(edge): (place - (len(group) - 1) / 2) * step for place, edge in enumerate(group)}
    return found


def _height(edge: Edge, layout: Layout, end: str) -> float:
    course = layout.courses[_key(edge)]
    other = layout.places[edge.target if end == "source" else edge.source]
    return course.label[1] if course.label else other.y


def _side(place: Place, offset: float, *, right: bool) -> Point:
    return place.x + (place.width / 2 if right else -place.width / 2), place.y + offset


def _others(edge: Edge, places: Mapping[str, Place]) -> Iterable[Place]:
    return (place for key, place in places.items() if key not in (edge.source, edge.target))


def _key(edge: Edge) -> Key:
    return edge.source, edge.target, edge.port, edge.protocol
