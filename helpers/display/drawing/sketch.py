"""A picture as boxes, lines and words, before it is written as SVG or in the DOT language.

All lengths are points, and y grows upwards, as graphviz has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

ARROW = 8.0
"""How long an arrow's head is: lines end so far before their tip."""


@dataclass(frozen=True)
class Box:
    """A rectangle with its middle at x, y; `round` is its corners' radius."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    colour: str = "none"
    pen: float = 0.0
    dashed: bool = False
    round: float = 0.0


@dataclass(frozen=True)
class Line:
    """Joined cubic curves with an arrow's head from the last point to `tip`.

    `style` is solid, dashed or dotted; `head` is normal, tee or empty, as in graphviz.
    """

    points: tuple[Point, ...]
    tip: Point
    colour: str
    pen: float
    style: str
    head: str


@dataclass(frozen=True)
class Words:
    """One line of words with its middle (`at` "middle"), left end ("start") or right end ("end") at x, y."""

    text: str
    x: float
    y: float
    size: float
    colour: str
    bold: bool = False
    at: str = "middle"
    room: float = 0.0


@dataclass(frozen=True)
class Part:
    """Shapes that belong together: a workload, a call, a policy's line in the key, or decoration.

    `kind` is a list of words, the first of which says what it is; `key` is unique in the picture. A workload and a call
    know the numbers of the policies that matter to them, and a call its `ends` and its port and protocol.
    """

    key: str
    kind: str
    shapes: tuple[Box | Line | Words, ...]
    tip: str = ""
    ends: tuple[str, str] = ("", "")
    port: int = 0
    protocol: str = ""
    policies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sketch:
    """All parts of a picture, back to front, and how far it reaches: left, bottom, right, top."""

    parts: Sequence[Part]
    bounds: tuple[float, float, float, float]
