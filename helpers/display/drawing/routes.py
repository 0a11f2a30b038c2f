"""The lines of the picture: smooth curves from a workload's right side, through the label's middle, to a left side.

No line runs through a label or a workload that isn't its own. All lengths are points.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.display.drawing.channels import Column, Level, Stop, columns_of, levels
from helpers.display.drawing.geometry import Room, along, met
from helpers.display.drawing.layout import Course, Key, Layout
from helpers.display.drawing.sketch import ARROW, Point

_SPREAD, _STEP = 22.0, 7.0  # how far apart, altogether and one by one, lines leave a side
_REACHES = (0.5, 0.3, 0.75)  # how far a curve runs level before it bends, in parts of its way
_OUTSIDE = 12.0  # so far a needless call's line may leave the picture
_BESIDE = 6.0  # a caller's line passes so far from its label's edge


@dataclass(frozen=True)
class Route:
    """One line, its arrow's tip, and its label's room."""

    points: tuple[Point, ...]
    tip: Point
    label: Room | None


def routes_of(layout: Layout) -> dict[Key, Route]:
    """A route for each call that was laid out."""
    leaving, entering = _ports(layout, 0), _ports(layout, 1)
    columns = _columns(layout)
    found = {}
    for key, course in layout.courses.items():
        source, target = layout.places[key[0]], layout.places[key[1]]
        label, start, end = course.label, Stop(source, source.y + leaving[key]), Stop(target, target.y + entering[key])
        if label is None or key[0] == key[1]:
            found[key] = Route(course.points, course.tip, label)
        elif not course.points:
            found[key] = _round(source, label, end)
        elif source.right < label.left and label.right < target.left:
            found[key] = _onward(_Way(columns, start, end, label), _foreign(key, layout))
        elif target.right < label.left and label.right < source.left:
            found[key] = _back(_onward(_Way(columns, end, start, label), _foreign(key, layout)))
        else:
            found[key] = _upright(course, source, label, target)
    return found


def _columns(layout: Layout) -> list[Column]:
    labels = [course.label for course in layout.courses.values() if course.label]
    return columns_of([*layout.places.values(), *labels])


@dataclass(frozen=True)
class _Way:
    """From the right of one room, by way of a label if there is one, to the left of another."""

    columns: Sequence[Column]
    start: Stop
    end: Stop
    label: Room | None

    @property
    def tip(self) -> Point:
        return self.end.room.left, self.end.height

    def route(self, points: tuple[Point, ...]) -> Route:
        return Route(points, self.tip, self.label)


def _onward(way: _Way, foreign: Sequence[Room]) -> Route:
    """The smoothest curve through the label that meets nothing foreign; else from gap to gap, where that is needed."""
    for level in _at_label(way):
        for reaches in itertools.product(_REACHES, repeat=2):
            points = _through(way, [level], reaches)
            if not met(points, foreign):
                return way.route(points)
    return way.route(_smoothed(way, foreign))


def _at_label(way: _Way) -> list[Level]:
    """The stretches round the label on which a line may run level: as wide as it, as wide as its column."""
    label = way.label
    own = [column for column in way.columns if label in column.rooms]
    return [
        level
        for column in own
        if label
        for level in ((label.left - 2, label.right + 2, label.y), (column.left, column.right, label.y))
    ]


def _smoothed(way: _Way, foreign: Sequence[Room]) -> tuple[Point, ...]:
    """From gap to gap, without those stretches that a longer bend can do without."""
    kept = levels(way.columns, way.start, way.end, way.label)
    best = _through(way, kept)
    for level in list(kept):
        fewer = [one for one in kept if one != level]
        own = way.label and level[2] == way.label.y
        for reach in () if own else _REACHES:
            points = _through(way, fewer, [reach] * (len(fewer) + 1))
            if not met(points, foreign):
                kept, best = fewer, points
                break
    return best


def _through(way: _Way, stretches: Sequence[Level], reaches: Sequence[float] = ()) -> tuple[Point, ...]:
    """Curves that are level at both ends and on stretches between; they bend between these.

    `reaches` say how far each bend runs level, in parts of its way: half of it if they don't.
    """
    x, y = way.start.room.right, way.start.height
    stop = way.tip[0] - ARROW
    points: list[Point] = [(x, y)]
    ways = [*stretches, (stop, stop, way.end.height)]
    for (left, right, height), reach in zip(ways, reaches or [0.5] * len(ways), strict=True):
        left, right = min(left, stop), min(right, stop)
        bend = (left - x) * reach
        points += [(x + bend, y), (left - bend, height), (left, height)]
        if right > left:
            third = (right - left) / 3
            points += [(left + third, height), (right - third, height), (right, height)]
        x, y = right, height
    return tuple(points)


def _back(route: Route) -> Route:
    """The same line in the other direction."""
    points = (route.tip, *reversed(route.points))
    first, second = points[0], points[1]
    third = (second[0] - first[0]) / 3
    points = (first, (first[0] + third, first[1]), (second[0] - third, second[1]), *points[1:])
    goal = points[-1]
    return Route((*points[:-1], (goal[0] + ARROW, goal[1])), goal, route.label)


def _upright(course: Course, source: Room, label: Room, target: Room) -> Route:
    """Straight up or down to a neighbour in the same column, the label at the left; else graphviz's own line."""
    if abs(source.x - target.x) > 1:
        return Route(course.points, course.tip, label)
    start, tip = (source.bottom, target.top) if source.y > target.y else (source.top, target.bottom)
    stop = tip + ARROW * (1 if start > tip else -1)
    x, third = source.x, (stop - start) / 3
    points = (x, start), (x, start + third), (x, stop - third), (x, stop)
    return Route(points, (x, tip), Room(x - label.width / 2 - 4, (start + tip) / 2, label.width, label.height))


def _round(source: Room, label: Room, end: Stop) -> Route:
    """From a left side round to the left side of the workload below or above, past the label's right."""
    x, stop, enter, half = label.right + _BESIDE, end.room.left - ARROW, end.height, 0.45
    points = (
        (source.left, source.y),
        (x, source.y),
        (x, label.y + (source.y - label.y) * half),
        (x, label.y),
        (x, label.y + (enter - label.y) * half),
        (x, enter),
        (stop, enter),
    )
    return Route(points, (end.room.left, enter), label)


def _foreign(key: Key, layout: Layout) -> list[Room]:
    """What a call's line must not touch: other calls' labels, the workloads at neither end, namespaces' names."""
    labels = [course.label for other, course in layout.courses.items() if other != key and course.label]
    return [*labels, *(room for end, room in layout.places.items() if end not in key[:2]), *frame_names(layout)]


def frame_names(layout: Layout) -> list[Room]:
    """The rooms of the namespaces' names, at the left above."""
    return [Room(room.left + 60, room.top - 10, 116, 14) for room in layout.frames.values()]


class Needless:
    """Lines for calls that nobody needs, drawn between those that were laid out: they move nothing."""

    def __init__(self, layout: Layout, lines: Mapping[Key, Route]) -> None:
        self._places, self._bounds, self._columns = layout.places, layout.bounds, _columns(layout)
        self._names = [*(line.label for line in lines.values() if line.label), *frame_names(layout)]

    def route(self, source: str, target: str) -> Route | None:
        """A line from gap to gap, or between two sides in one column; None if each one meets something."""
        rooms = [room for key, room in self._places.items() if key not in (source, target)] + self._names
        start, end = self._places[source], self._places[target]
        return self._way(start, end, rooms) or self._curve(start, end, rooms)

    def _way(self, source: Room, target: Room, rooms: Sequence[Room]) -> Route | None:
        start, end = Stop(source, source.bottom + 5), Stop(target, target.top - 5)
        if source.right < target.left:
            found = _onward(_Way(self._columns, start, end, None), rooms)
        elif target.right < source.left:
            found = _back(_onward(_Way(self._columns, end, start, None), rooms))
        else:
            return None
        return None if met(found.points, rooms) else found

    def _curve(self, source: Room, target: Room, rooms: Sequence[Room]) -> Route | None:
        """The shortest curve between any two sides that meets nothing and stays in the picture."""
        found: list[tuple[float, Route]] = []
        for (start, out), (end, back) in itertools.product(_sides(source), _sides(target)):
            points = _between(start, out, end, back)
            inside = all(self._bounds.holds(point, _OUTSIDE) for point in along(points, 12))
            if start != end and inside and not _within(points, (source, target)) and not met(points, rooms):
                found.append((math.dist(start, end), Route(points, end, None)))
        return min(found, key=lambda one: one[0], default=(0.0, None))[1]


def _within(points: Sequence[Point], ends: Sequence[Room]) -> bool:
    """Whether a curve runs through the inside of its own ends."""
    return any(room.holds(point, -2) for point in along(points) for room in ends)


def _sides(place: Room) -> list[tuple[Point, Point]]:
    """Where a needless call may touch a workload, and the direction away from it; clear of the needed calls' middle."""
    return [
        ((place.right, place.bottom + 5), (1.0, 0.0)),
        ((place.left, place.top - 5), (-1.0, 0.0)),
        ((place.x + place.width / 6, place.top), (0.0, 1.0)),
        ((place.x - place.width / 6, place.bottom), (0.0, -1.0)),
    ]


def _between(start: Point, out: Point, end: Point, back: Point) -> tuple[Point, ...]:
    """A curve that leaves and arrives at right angles to the sides."""
    stop = (end[0] + back[0] * ARROW, end[1] + back[1] * ARROW)
    reach = 18 + math.dist(start, stop) * 0.3
    return (
        start,
        (start[0] + out[0] * reach, start[1] + out[1] * reach),
        (stop[0] + back[0] * reach, stop[1] + back[1] * reach),
        stop,
    )


def _ports(layout: Layout, end: int) -> dict[Key, float]:
    """How far above or below a side's middle each line leaves (end 0) or enters (1), so that lines don't cross."""
    by_node: dict[str, list[Key]] = {}
    for key in layout.courses:
        by_node.setdefault(key[:2][end], []).append(key)
    found: dict[Key, float] = {}
    for group in by_node.values():
        group.sort(key=lambda key: _height(key, layout, end))
        step = min(_STEP, _SPREAD / max(len(group) - 1, 1))
        found |= {key: (place - (len(group) - 1) / 2) * step for place, key in enumerate(group)}
    return found


def _height(key: Key, layout: Layout, end: int) -> float:
    label = layout.courses[key].label
    return label.y if label else layout.places[key[:2][1 - end]].y
