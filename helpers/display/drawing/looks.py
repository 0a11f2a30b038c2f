"""How calls and workloads look, in the picture and in its legend."""

from dataclasses import replace

from helpers.display import palette
from helpers.display.drawing.geometry import Room
from helpers.display.drawing.scene import ALLOWED, BLOCKED, EXTRA
from helpers.display.drawing.sketch import ARROW, Box, Line, Point
from helpers.policies.model.addresses import OUTSIDE

NAME, SMALL = 11.0, 10.0
"""The heights of letters: of workloads' names, and of all other words but the title."""

WIDEST_PEN = 3.4
COLOURS = {ALLOWED: palette.ALLOWED, BLOCKED: palette.BLOCKED, EXTRA: palette.EXTRA}
_LINES = {
    ALLOWED: Line((), (0, 0), palette.ALLOWED, 1.5, "solid", "normal"),
    BLOCKED: Line((), (0, 0), palette.BLOCKED, 1.5, "dashed", "tee"),
    EXTRA: Line((), (0, 0), palette.EXTRA, 1.9, "dotted", "empty"),
}
_FILLS = {
    "open": "none",
    "ingress": palette.INGRESS_FILL,
    "egress": palette.EGRESS_FILL,
    "both": palette.BOTH_FILL,
    OUTSIDE: "none",
}
_WALL = 5.0


def line(state: str, points: tuple[Point, ...], tip: Point, *, changed: bool = False) -> Line:
    """A call's line; one that the last policy changed is thick."""
    look = _LINES[state]
    return replace(look, points=points, tip=tip, pen=WIDEST_PEN if changed else look.pen)


def sample(state: str, x: float, y: float, length: float, *, changed: bool = False) -> Line:
    """A short straight line, for the legend."""
    end = x + length - ARROW
    third = (end - x) / 3
    return line(state, ((x, y), (x + third, y), (end - third, y), (end, y)), (x + length, y), changed=changed)


def box(state: str, place: Room, *, changed: bool = False) -> list[Box]:
    """A workload's outline and its walls."""
    pen, colour = (3.0, palette.INK) if changed else (1.2, palette.QUIET)
    outline = Box(
        place.x, place.y, place.width, place.height, _FILLS[state], colour, pen, dashed=state == "open", round=9
    )
    walls = (
        ("ingress", place.left + _WALL, palette.INGRESS_WALL),
        ("egress", place.right - _WALL, palette.EGRESS_WALL),
    )
    return [
        outline,
        *(Box(x, place.y, _WALL, place.height - 12, colour) for side, x, colour in walls if state in (side, "both")),
    ]
