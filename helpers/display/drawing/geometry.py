"""Rooms and curves: what lies where, and what a line runs through. All lengths are points, y grows upwards."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpers.display.drawing.sketch import Point


@dataclass(frozen=True)
class Room:
    """A rectangle by its middle and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y - self.height / 2

    @property
    def top(self) -> float:
        return self.y + self.height / 2

    def near(self, other: "Room", across: float = 0.0, along: float = 0.0) -> bool:
        """Whether less than so much lies between the two, in both directions."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + across
            and abs(self.y - other.y) < (self.height + other.height) / 2 + along
        )

    def holds(self, point: Point, margin: float) -> bool:
        return abs(point[0] - self.x) < self.width / 2 + margin and abs(point[1] - self.y) < self.height / 2 + margin


def around(rooms: Iterable[Room]) -> Room:
    """The smallest room that holds all of these, of which there is one at least."""
    found = list(rooms)
    left, right = min(room.left for room in found), max(room.right for room in found)
    bottom, top = min(room.bottom for room in found), max(room.top for room in found)
    return Room((left + right) / 2, (bottom + top) / 2, right - left, top - bottom)


def along(points: Sequence[Point], step: float = 4.0) -> list[Point]:
    """Points on joined cubic curves, about `step` apart."""
    return [point for start in range(0, len(points) - 3, 3) for point in _on(points[start : start + 4], step)]


def _on(points: Sequence[Point], step: float) -> list[Point]:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    length = sum(math.dist(one, other) for one, other in itertools.pairwise(points))
    count = max(2, math.ceil(length / step))
    found = []
    for number in range(count + 1):
        t = number / count
        u = 1 - t
        a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
        found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found


def met(points: Sequence[Point], rooms: Iterable[Room], margin: float = 3.0) -> int:
    """How many of the rooms joined cubic curves run through, or pass closer than `margin`."""
    reach = Room(*_middle(points))
    near = [room for room in rooms if room.near(reach, margin, margin)]
    if not near:
        return 0
    found = along(points)
    return sum(any(room.holds(point, margin) for point in found) for room in near)


def _middle(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """The room of a curve's points, which holds the curve."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys)
