"""Write a sketch as PDF, one page of its size, with the fonts that every reader of PDF has."""

import math
from collections.abc import Sequence

from helpers.display.drawing.sketch import ARROW, Box, Line, Point, Sketch, Words
from helpers.plain_text import clean_line

_PAD = 8.0
_ROUND = 0.5523  # how far a curve's control points lie from its ends where four of them make a circle
_DASHES = {"solid": "[] 0 d", "dashed": "[5 3] 0 d", "dotted": "[1.2 4] 0 d"}
_FONTS = {False: "Helvetica", True: "Helvetica-Bold"}
_WIDTHS = {
    False: """278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
    278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722
    667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333
    500 278 556 500 722 500 500 500 334 260 334 584""",
    True: """278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
    333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722
    667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389
    556 333 611 556 778 556 556 500 389 280 389 584""",
}
"""The widths of ASCII's letters in these fonts, in thousandths of their height."""
_NUMBERS = {bold: list(map(int, table.split())) for bold, table in _WIDTHS.items()}


def pdf_of(sketch: Sketch, title: str) -> bytes:
    """The picture as a PDF document with a title."""
    left, bottom, right, top = sketch.bounds
    shapes = [_shape(shape) for part in sketch.parts for shape in part.shapes]
    content = "\n".join([f"1 0 0 1 {_PAD - left:.1f} {_PAD - bottom:.1f} cm", *shapes]).encode("cp1252", "replace")
    size = f"{right - left + 2 * _PAD:.0f} {top - bottom + 2 * _PAD:.0f}"
    fonts = " ".join(
        f"/F{bold:d} << /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        for bold, name in _FONTS.items()
    )
    return _document(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents 4 0 R "
            f"/Resources << /Font << {fonts} >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
            b"<< /Title <%b> >>" % f"\ufeff{title}".encode("utf-16-be", "replace").hex().encode(),
        ]
    )


def _document(objects: Sequence[bytes]) -> bytes:
    """A file of numbered objects, the first of which is its root and the last says what it is about."""
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (count, table, count, count - 1, len(written))
    )


def _shape(shape: Box | Line | Words) -> str:
    if isinstance(shape, Box):
        return _box(shape)
    return _line(shape) if isinstance(shape, Line) else _words(shape)


def _box(box: Box) -> str:
    left, right = box.x - box.width / 2, box.x + box.width / 2
    bottom, top = box.y - box.height / 2, box.y + box.height / 2
    r = min(box.round, box.width / 2, box.height / 2)
    near = r * (1 - _ROUND)
    corners = [
        ((right - r, bottom), (right - near, bottom), (right, bottom + near), (right, bottom + r)),
        ((right, top - r), (right, top - near), (right - near, top), (right - r, top)),
        ((left + r, top), (left + near, top), (left, top - near), (left, top - r)),
        ((left, bottom + r), (left, bottom + near), (left + near, bottom), (left + r, bottom)),
    ]
    path = [f"{_pair((left + r, bottom))} m"]
    path += [f"{_pair(start)} l {' '.join(map(_pair, curve))} c" for start, *curve in corners]
    painted = {(True, True): "b", (True, False): "f", (False, True): "s", (False, False): "n"}[
        box.fill != "none", bool(box.pen)
    ]
    fill = f"{_colour(box.fill)} rg " if box.fill != "none" else ""
    pen = f"{_colour(box.colour)} RG {box.pen:g} w {_DASHES['dashed' if box.dashed else 'solid']} " if box.pen else ""
    return f"{fill}{pen}{' '.join(path)} {painted}"


def _line(line: Line) -> str:
    start, *rest = line.points
    curves = [f"{' '.join(map(_pair, rest[at : at + 3]))} c" for at in range(0, len(rest) - 2, 3)]
    look = f"{_colour(line.colour)} RG {_colour(line.colour)} rg {line.pen:g} w"
    return f"{look} {_DASHES[line.style]} {_pair(start)} m {' '.join(curves)} S {_DASHES['solid']} {_head(line)}"


def _head(line: Line) -> str:
    """The arrow's head between the end of a line and its tip."""
    (x, y), (tip_x, tip_y) = line.points[-1], line.tip
    length = math.hypot(tip_x - x, tip_y - y) or ARROW
    half = 5.5 if line.head == "tee" else 3.2 + line.pen * 0.4
    side = (-(tip_y - y) / length * half, (tip_x - x) / length * half)
    if line.head == "tee":
        ends = (tip_x + side[0], tip_y + side[1]), (tip_x - side[0], tip_y - side[1])
        return f"{_pair((x, y))} m {_pair(line.tip)} l {_pair(ends[0])} m {_pair(ends[1])} l S"
    corners = (x + side[0], y + side[1]), line.tip, (x - side[0], y - side[1])
    path = f"{_pair(corners[0])} m {_pair(corners[1])} l {_pair(corners[2])} l"
    return f"1 w {path} {'b' if line.head == 'normal' else 's'}"


def _words(words: Words) -> str:
    text = clean_line(words.text).replace("→", "->")
    width = sum(_NUMBERS[words.bold][ord(one) - 32] if " " <= one <= "~" else 600 for one in text) * words.size / 1000
    left = words.x - {"start": 0.0, "middle": width / 2, "end": width}[words.at]
    safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    place = _pair((left, words.y - words.size * 0.36))
    return f"BT {_colour(words.colour)} rg /F{words.bold:d} {words.size:g} Tf {place} Td ({safe}) Tj ET"


def _colour(colour: str) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))


def _pair(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
