"""Ways between the columns of a picture: level through gaps of each column, bending only where no column is.

All lengths are points, y grows upwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.display.drawing.geometry import Room

Level = tuple[float, float, float]
"""A stretch on which a line runs level: from x, to x, at y."""


@dataclass(frozen=True)
class Stop:
    """Where a line leaves or enters a room: at this height of its side."""

    room: Room
    height: float


_CLEAR = 6.0  # a line's distance from what it passes, and from other lines in the same gap


@dataclass
class Column:
    """What stands between two heights of x, and the heights at which lines already pass."""

    left: float
    right: float
    rooms: list[Room]
    taken: list[float] = field(default_factory=list)

    def gap(self, wish: float) -> float:
        """The height nearest to `wish` at which nothing stands in the way; it is then taken."""
        edges = [room.top + _CLEAR for room in self.rooms] + [room.bottom - _CLEAR for room in self.rooms]
        edges += [height + sign * _CLEAR for height in self.taken for sign in (-1, 1)]
        free = [height for height in (wish, *edges) if self._free(height)]
        found = min(free, key=lambda height: abs(height - wish), default=wish)
        self.taken.append(found)
        return found

    def _free(self, height: float) -> bool:
        near = any(abs(height - room.y) < room.height / 2 + _CLEAR - 0.01 for room in self.rooms)
        return not near and all(abs(height - other) > _CLEAR - 0.01 for other in self.taken)


def columns_of(rooms: Iterable[Room]) -> list[Column]:
    """The columns in which rooms stand, from left to right: what overlaps sideways is one column."""
    found: list[Column] = []
    for room in sorted(rooms, key=lambda one: one.left):
        if found and room.left < found[-1].right + 1:
            found[-1].rooms.append(room)
            found[-1].right = max(found[-1].right, room.right)
        else:
            found.append(Column(room.left, room.right, [room]))
    return found


def levels(columns: Sequence[Column], start: Stop, end: Stop, label: Room | None) -> list[Level]:
    """How a line runs from the right of one room, by way of its label, to the left of another, column by column."""
    found: list[Level] = []
    for column in columns:
        if column.right <= start.room.left or column.left >= end.room.right:
            continue
        if start.room in column.rooms:
            found.append((start.room.right, column.right, start.height))
        elif end.room in column.rooms:
            found.append((column.left, end.room.left, end.height))
        elif label and label in column.rooms:
            found.append((column.left, column.right, label.y))
        else:
            found.append((column.left, column.right, column.gap(_wish(column, start, end, label))))
    return found


def _wish(column: Column, start: Stop, end: Stop, label: Room | None) -> float:
    """The height of the straight way: to the label before it, to the end after it."""
    (x, y), (goal_x, goal_y) = (start.room.right, start.height), (end.room.left, end.height)
    if label and column.left < label.x:
        goal_x, goal_y = label.left, label.y
    elif label:
        x, y = label.right, label.y
    part = (column.left - x) / max(goal_x - x, 1.0)
    return y + (goal_y - y) * min(1.0, max(0.0, part))
