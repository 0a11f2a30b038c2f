"""Write a sketch as SVG: what belongs together is a group that says in data attributes what it is."""

import html
import math

from helpers.display import palette
from helpers.display.drawing.fonts import FAMILY
from helpers.display.drawing.sketch import ARROW, Box, Line, Part, Point, Sketch, Words
from helpers.plain_text import clean_line

_DASHES = {"dashed": "5 3", "dotted": "1.2 4"}
_PAD = 8.0
SCALE = 1.1
"""Pixels to a point, at most: the whole shop then fits on a screen."""


def svg_of(sketch: Sketch, title: str, sentence: str, name: str, *, paper: bool, fluid: bool) -> str:
    """The picture with a title and a description, in the light theme's colours; ids begin with `name`.

    A `fluid` one is as wide as its place allows, and one and a tenth pixel to a point at most; narrower than `--least`
    its letters are less than ten pixels high. Without `paper` it is transparent.
    """
    left, bottom, right, top = sketch.bounds
    width, height = right - left + 2 * _PAD, top - bottom + 2 * _PAD
    box = f"{left - _PAD:.0f} {-top - _PAD:.0f} {width:.0f} {height:.0f}"
    ground = (
        f'<rect x="{left - _PAD:.0f}" y="{-top - _PAD:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'fill="{palette.PAPER}"/>'
        if paper
        else ""
    )
    least, most = f"{width:.0f}px", f"{width * SCALE:.0f}px"
    size = (
        f'width="100%" style="--least:{least};--width:{most};max-width:{most};height:auto"'
        if fluid
        else f'width="{width * SCALE:.0f}" height="{height * SCALE:.0f}"'
    )
    parts = "\n".join(map(_part, sketch.parts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-text" '
        f'viewBox="{box}" {size} font-family="{FAMILY}" data-width="{width:.0f}" data-height="{height:.0f}">'
        f'<title id="{name}-title">{_safe(title)}</title><desc id="{name}-text">{_safe(sentence)}</desc>'
        f"{ground}\n{parts}\n</svg>"
    )


def _part(part: Part) -> str:
    data = {
        "key": part.key,
        "source": part.ends[0],
        "target": part.ends[1],
        "port": part.port or "",
        "protocol": part.protocol,
        "policies": " ".join(map(str, part.policies)),
    }
    written = "".join(f' data-{name}="{_safe(str(value))}"' for name, value in data.items() if value)
    tip = f"<title>{_safe(part.tip)}</title>" if part.tip else ""
    return f'<g class="{part.kind}"{written}>{tip}{"".join(map(_shape, part.shapes))}</g>'


def _shape(shape: Box | Line | Words) -> str:
    if isinstance(shape, Box):
        return _box(shape)
    return _line(shape) if isinstance(shape, Line) else _words(shape)


def _box(box: Box) -> str:
    dash = f' stroke-dasharray="{_DASHES["dashed"]}"' if box.dashed else ""
    pen = f' stroke="{box.colour}" stroke-width="{box.pen:g}"{dash}' if box.pen else ""
    corners = f' rx="{box.round:g}"' if box.round else ""
    return (
        f'<rect x="{box.x - box.width / 2:.1f}" y="{-box.y - box.height / 2:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}"{corners} fill="{box.fill}"{pen}/>'
    )


def _line(line: Line) -> str:
    start, *rest = line.points
    dash = f' stroke-dasharray="{_DASHES[line.style]}"' if line.style in _DASHES else ""
    path = f"M{_pair(start)} C" + " ".join(map(_pair, rest))
    return (
        f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="{line.pen:g}"{dash}/>'
        f"{_head(line, rest[-1] if rest else start)}"
    )


def _head(line: Line, end: Point) -> str:
    """The arrow's head between the end of a line and its tip."""
    (x, y), (tip_x, tip_y) = end, line.tip
    length = math.hypot(tip_x - x, tip_y - y) or ARROW
    along = ((tip_x - x) / length, (tip_y - y) / length)
    half = 5.5 if line.head == "tee" else 3.2 + line.pen * 0.4
    side = (-along[1] * half, along[0] * half)
    if line.head == "tee":
        far = (tip_x - along[0] * 2.5, tip_y - along[1] * 2.5)
        bar = [(far[0] + side[0], far[1] + side[1]), (far[0] - side[0], far[1] - side[1])]
        return (
            f'<path d="M{_pair(end)} L{_pair(far)} M{_pair(bar[0])} L{_pair(bar[1])}" fill="none" '
            f'stroke="{line.colour}" stroke-width="{max(line.pen, 2.2):g}"/>'
        )
    corners = " ".join(map(_pair, [(x + side[0], y + side[1]), line.tip, (x - side[0], y - side[1])]))
    fill = line.colour if line.head == "normal" else "none"
    return f'<polygon points="{corners}" fill="{fill}" stroke="{line.colour}" stroke-width="1"/>'


def _words(words: Words) -> str:
    bold = ' font-weight="bold"' if words.bold else ""
    anchor = f' text-anchor="{words.at}"' if words.at != "start" else ""
    room = f' data-room="{words.room:.1f}"' if words.room else ""
    return (
        f'<text x="{words.x:.1f}" y="{-words.y + words.size * 0.36:.1f}" font-size="{words.size:g}" '
        f'fill="{words.colour}"{bold}{anchor}{room}>{_safe(words.text)}</text>'
    )


def _pair(point: Point) -> str:
    return f"{point[0]:.1f},{-point[1]:.1f}"


def _safe(text: str) -> str:
    return html.escape(clean_line(text))
