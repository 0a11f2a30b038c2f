"""Everything of graphviz: its Python package describes graphs, and its program lays them out and draws them.

The program is `graphviz-pure`, which comes as a wheel, or the system's `dot`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.display import palette
from helpers.display.drawing.fonts import width_of
from helpers.display.drawing.sketch import Box, Line, Part, Point, Sketch, Words
from helpers.lab.errors import DrawingError
from helpers.plain_text import clean_line

if TYPE_CHECKING:
    import graphviz

INSTALL = "Install one: python -m pip install graphviz-pure (or the system's graphviz), and run the cell again."
SECONDS = 30.0
_FONTS = {False: "Helvetica", True: "Helvetica-Bold"}


def executable() -> str:
    """graphviz-pure next to this Python, else `dot` on the PATH. Raises DrawingError with how to get one.

    The wheel comes first: it is the same version on every machine, and faster on small graphs.
    """
    beside = Path(sys.executable).parent / "graphviz-pure"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("graphviz-pure") or shutil.which("dot")
    if not found:
        raise DrawingError(f"Nothing on this machine can draw graphs. {INSTALL}")
    return found


def draw(source: str, form: str, *options: str) -> bytes:
    """Turn a graph in the DOT language into `form` ("svg", "png", "json", …). Raises DrawingError."""
    return _draw(executable(), source, form, options)


def draw_as_placed(source: str, form: str, *options: str) -> bytes:
    """The same for a graph whose places are all known, such as `described` makes. Raises DrawingError."""
    return draw(source, form, "-Kneato", "-n2", *options)


@lru_cache(maxsize=64)
def _draw(program: str, source: str, form: str, options: tuple[str, ...]) -> bytes:
    from graphviz import backend

    try:
        command = [program, f"-T{form}", *options]
        done = backend.execute.run_check(
            command, input=source.encode(), capture_output=True, quiet=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise DrawingError(f"{program} did not draw the graph within {SECONDS:.0f} s.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[:300]
        raise DrawingError(f"{program} could not draw the graph: {said}") from None
    except (OSError, backend.ExecutableNotFound) as error:
        raise DrawingError(f"{program} cannot be run: {getattr(error, 'strerror', '')}. {INSTALL}") from None
    return bytes(done.stdout)


def described(sketch: Sketch) -> str:
    """A picture in the DOT language, every shape pinned to its place: for `neato -n2`, or `draw_as_placed`."""
    import graphviz

    left, bottom, right, top = sketch.bounds
    graph = graphviz.Digraph(
        "policies",
        graph_attr={"bgcolor": palette.PAPER, "pad": "0.11", "outputorder": "edgesfirst"},
        node_attr={"shape": "box", "fixedsize": "true", "label": "", "margin": "0"},
        edge_attr={"arrowsize": "0.8"},
    )
    for x, y in ((left, bottom), (right, top)):
        graph.node(f"corner {x:.0f} {y:.0f}", pos=_pair((x, y)), style="invis", width="0.01", height="0.01")
    for part in sketch.parts:
        for number, shape in enumerate(part.shapes):
            _add(graph, part, number, shape)
    return str(graph.source)


def _add(graph: graphviz.Digraph, part: Part, number: int, shape: Box | Line | Words) -> None:
    from graphviz import escape

    key = _name(part.key if number == 0 else f"{part.key} {number}")
    common = {"class": part.kind, "tooltip": escape(clean_line(part.tip))}
    if isinstance(shape, Line):
        ends = tuple(map(_name, part.ends))
        if not all(ends):
            ends = f"{key} from", f"{key} to"
            for end, point in zip(ends, (shape.points[0], shape.tip), strict=True):
                graph.node(end, pos=_pair(point), shape="point", style="invis", width="0.01", height="0.01")
        graph.edge(*ends, **_line(shape), **common)
    else:
        graph.node(key, **(_box(shape) if isinstance(shape, Box) else _words(shape)), **common)


def _name(key: str) -> str:
    """A key as a node's name: graphviz would read a port after a colon."""
    return clean_line(key).replace(":", "_").replace("\\", "_")


def _box(box: Box) -> dict[str, str]:
    style = ["filled"] * (box.fill != "none") + ["dashed"] * box.dashed + ["rounded"] * bool(box.round)
    return {
        "pos": _pair((box.x, box.y)),
        "width": f"{box.width / 72:.3f}",
        "height": f"{box.height / 72:.3f}",
        "style": ",".join(style),
        "fillcolor": box.fill if box.fill != "none" else "transparent",
        "color": box.colour if box.colour != "none" else "transparent",
        "penwidth": f"{box.pen:g}",
    }


def _line(line: Line) -> dict[str, str]:
    return {
        "pos": f"e,{_pair(line.tip)} {' '.join(map(_pair, line.points))}",
        "color": line.colour,
        "penwidth": f"{line.pen:g}",
        "style": line.style,
        "arrowhead": line.head,
    }


def _words(words: Words) -> dict[str, str]:
    from graphviz import escape, nohtml

    width = width_of(words.text, words.size, bold=words.bold)
    middle = words.x + {"start": width / 2, "middle": 0.0, "end": -width / 2}[words.at]
    text = escape(clean_line(words.text))
    return {
        "label": text if words.at == "middle" else nohtml(text + (r"\l" if words.at == "start" else r"\r")),
        "pos": _pair((middle, words.y)),
        "width": f"{width / 72:.3f}",
        "height": f"{words.size * 1.18 / 72:.3f}",
        "shape": "plaintext",
        "fontname": _FONTS[words.bold],
        "fontsize": f"{words.size:g}",
        "fontcolor": words.colour,
    }


def _pair(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
