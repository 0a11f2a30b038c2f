"""Paint a scene on its layout, in the DOT language with everything pinned down.

A wall on the left of a workload stands for ingress isolation, where calls come in; a wall on the right for egress
isolation, where they go out. A workload that no policy selects has neither, and an open, dashed outline.
Words are nodes of their own: graphviz centres a plain label well, and a rich one by its guess at the font.
"""

from collections.abc import Iterator

from helpers.display import palette
from helpers.display.drawing.dot import quoted
from helpers.display.drawing.layout import LABEL_HEIGHT, LABEL_WIDTH, NODE_HEIGHT, Layout, Place
from helpers.display.drawing.routes import Point, Route, routes_of
from helpers.display.drawing.scene import ALLOWED, BLOCKED, EXTRA, WORDS, Edge, Node, Scene
from helpers.display.drawing.words import STATES, edge_words, label_rows, node_words
from helpers.policies.model.addresses import OUTSIDE

FONT, BOLD = "Helvetica", "Helvetica-Bold"
LINES = {
    ALLOWED: f'color="{palette.ALLOWED}" style=solid arrowhead=normal',
    BLOCKED: f'color="{palette.BLOCKED}" style=dashed arrowhead=tee',
    EXTRA: f'color="{palette.EXTRA}" style=dotted arrowhead=empty',
}
COLOURS = {ALLOWED: palette.ALLOWED, BLOCKED: palette.BLOCKED, EXTRA: palette.EXTRA}
FILLS = {
    "open": palette.OPEN_FILL,
    "ingress": palette.INGRESS_FILL,
    "egress": palette.EGRESS_FILL,
    "both": palette.BOTH_FILL,
    OUTSIDE: palette.PAPER,
}
_WALL = 5.0
_ROW = 11.0
_LEGEND = 10.5  # the size of its letters
_SAMPLE, _BETWEEN = 46.0, 28.0  # from an entry to its words, and to the row below
_LETTER = 0.53  # a letter's width, in parts of its size
_LAST = "changed by the last policy"


def paint(scene: Scene, layout: Layout, title: str, *, plain: bool = False) -> str:
    """The DOT source of the finished picture, for `neato -n2`: positions are taken as they stand.

    A `plain` picture is the bare plan: no isolation, no legend.
    """
    lines = [
        "digraph policies {",
        f'graph [bgcolor="{palette.PAPER}" pad=0.12 outputorder=edgesfirst]',
        f'node [shape=box fixedsize=true label="" fontname="{FONT}" fontsize=10 fontcolor="{palette.INK}"]',
        f'edge [arrowsize=0.8 fontname="{FONT}" fontsize=8]',
    ]
    frames = _frames(scene, layout)
    lines += [line for namespace, frame in frames.items() for line in _frame(namespace, *frame)]
    for node in scene.nodes:
        lines += _node(node, layout.places[node.key], plain=plain)
    for number, (edge, route) in enumerate(zip(scene.edges, routes_of(scene.edges, layout), strict=True)):
        lines += _edge(edge, route, number, plain=plain)
    left = min([layout.left, *(frame[0] for frame in frames.values())])
    top = max([layout.height, *(frame[3] for frame in frames.values())])
    lines.append(_text("title", title, left, top + 18, size=14.0, left=True, bold=True))
    right = max([layout.width, *(frame[1] for frame in frames.values())])
    lines += _note(left) if plain else _legend(scene, left, right)
    return "\n".join([*lines, "}"])


def _frames(scene: Scene, layout: Layout) -> dict[str, tuple[float, float, float, float]]:
    """A frame (left, right, bottom, top) round each namespace's workloads and the labels between them, if several."""
    found: dict[str, tuple[float, float, float, float]] = {}
    for namespace in scene.namespaces if len(scene.namespaces) > 1 else ():
        own = {node.key for node in scene.nodes if node.namespace == namespace}
        places = [layout.places[key] for key in own]
        places += [
            Place(*course.label, LABEL_WIDTH, LABEL_HEIGHT)
            for (source, target, *_), course in layout.courses.items()
            if course.label and source in own and target in own
        ]
        found[namespace] = (
            min(place.x - place.width / 2 for place in places) - 10,
            max(place.x + place.width / 2 for place in places) + 10,
            min(place.y - place.height / 2 for place in places) - 10,
            max(place.y + place.height / 2 for place in places) + 20,
        )
    return found


def _frame(namespace: str, left: float, right: float, bottom: float, top: float) -> Iterator[str]:
    words = f"namespace {namespace}"
    yield _box(
        words,
        (left + right) / 2,
        (top + bottom) / 2,
        right - left,
        top - bottom,
        words,
        f'class="namespace" style="rounded" color="{palette.FRAME}"',
    )
    yield _text(f"{words} name", words, left + 6, top - 10, size=9.5, colour=palette.QUIET, left=True)


def _node(node: Node, place: Place, *, plain: bool) -> Iterator[str]:
    state = OUTSIDE if plain else node.state
    pen = f'penwidth=3 color="{palette.INK}"' if node.changed else f'penwidth=1.2 color="{palette.QUIET}"'
    style = '"rounded,filled,dashed"' if state == "open" else '"rounded,filled"'
    tip = "" if plain else node_words(node)
    yield _box(
        node.key,
        place.x,
        place.y,
        place.width,
        place.height,
        tip or node.name,
        f'style={style} fillcolor="{FILLS[state]}" {pen} class="workload {state}{" changed" if node.changed else ""}"',
    )
    yield from _walls(node, place)
    second = "" if plain else "no DNS" if node.no_dns else STATES[state]
    yield _text(f"{node.key} name", node.title, place.x, place.y + (6 if second else 0), bold=True, tip=tip)
    if second:
        colour = palette.BLOCKED if node.no_dns else palette.QUIET
        yield _text(
            f"{node.key} state", second, place.x, place.y - 7, size=9.5, colour=colour, bold=node.no_dns, tip=tip
        )
    for side, count in (("in", node.others_in), ("out", node.others_out)):
        if count and not plain:
            yield from _stub(node, place, side, count)


def _walls(node: Node, place: Place) -> Iterator[str]:
    walls = (("in", bool(node.ingress), -1, palette.INGRESS_WALL), ("out", bool(node.egress), 1, palette.EGRESS_WALL))
    for side, stands, sign, colour in walls:
        if stands:
            x = place.x + sign * (place.width / 2 - _WALL)
            yield _box(
                f"{node.key} wall {side}",
                x,
                place.y,
                _WALL,
                place.height - 12,
                node_words(node),
                f'style=filled fillcolor="{colour}" color="{colour}" penwidth=0 class="wall"',
            )


def _stub(node: Node, place: Place, side: str, count: int) -> Iterator[str]:
    """A short dotted arrow that stands for many needless calls."""
    calls = "call" if count == 1 else "calls"
    words = f"{count} {calls} {'into' if side == 'in' else 'out of'} {node.name}: {WORDS[EXTRA]}"
    sign, length = (-1, 22.0) if side == "in" else (1, 22.0)
    y = place.y - sign * (place.height / 2 - 6)
    at_node, away = place.x + sign * place.width / 2, place.x + sign * (place.width / 2 + length)
    start, end = ((away, y), (at_node, y)) if side == "in" else ((at_node, y), (away, y))
    look = f'{LINES[EXTRA]} penwidth=1.5 arrowsize=0.6 class="call extra"'
    yield _line(f"{node.key} {side}", start, end, look, words)
    yield _text(
        f"{node.key} {side} count",
        f"+{count}",
        away + sign * 9,
        y,
        size=9.5,
        colour=palette.EXTRA,
        bold=True,
        tip=words,
    )


def _edge(edge: Edge, route: Route, number: int, *, plain: bool) -> Iterator[str]:
    changed = edge.change in ("now allowed", "now blocked")
    pen = 3.4 if changed else 1.9 if edge.state == EXTRA else 1.5
    tip = edge_words(edge, plain=plain)
    yield (
        f"{quoted(edge.source)} -> {quoted(edge.target)} [{LINES[edge.state]} penwidth={pen} "
        f'class="call {edge.state}{" changed" if edge.change else ""}" id="call-{number}" tooltip={quoted(tip)} '
        f'pos="{route.line}"]'
    )
    if route.label:
        yield from _label(edge, route.label, number, tip, plain=plain)


def _label(edge: Edge, at: Point, number: int, tip: str, *, plain: bool) -> Iterator[str]:
    """An edge's words, one row a node, on paper that covers the line below them."""
    rows = label_rows(edge, plain=plain)
    for index, (text, strong) in enumerate(rows):
        y = at[1] + ((len(rows) - 1) / 2 - index) * _ROW
        colour = palette.QUIET if text[0].isdigit() and not strong else COLOURS[edge.state]
        key = f"label {number} {index}"
        yield _text(key, text, at[0], y, size=9.5, colour=colour, bold=strong, paper=True, tip=tip)


def _note(left: float) -> Iterator[str]:
    """What the numbers on a plan's arrows are."""
    text = "The number is the port on which the pod listens; a → b where its Service has another port, a."
    yield _text("note", text, left, -32.0, size=9.5, colour=palette.QUIET, left=True)


def _legend(scene: Scene, left: float, right: float) -> Iterator[str]:
    """Below the picture, no wider than it: how lines look, how workloads look, and what the last policy changed.

    The room of that last entry is kept where it isn't needed, so that nothing moves when a policy comes.
    """
    lines = (ALLOWED, BLOCKED, EXTRA)
    places = _rows([WORDS[state] for state in lines], left, right, -34.0)
    for state, at in zip(lines, places, strict=True):
        yield from _legend_line(state, WORDS[state], f"{LINES[state]} penwidth=1.5", at)
    below = min(y for _, y in places) - _BETWEEN
    *places, last = _rows([*_MEANINGS.values(), _LAST], left, right, below)
    for (state, meaning), (x, y) in zip(_MEANINGS.items(), places, strict=True):
        yield from _legend_node(state, meaning, x, y)
    if scene.last:
        yield from _legend_line("last", _LAST, f"{LINES[ALLOWED]} penwidth=3.4", last)


def _legend_line(key: str, words: str, look: str, at: Point) -> Iterator[str]:
    x, y = at
    yield _line(f"legend {key}", (x, y), (x + 40, y), f'{look} class="legend"', words)
    yield _text(f"legend {key} text", words, x + _SAMPLE, y, size=_LEGEND, colour=palette.QUIET, left=True)


def _rows(entries: list[str], left: float, right: float, top: float) -> list[Point]:
    """Where each entry of a legend begins: side by side, in a new row where there is no room."""
    found: list[Point] = []
    x, y = left, top
    for words in entries:
        width = _SAMPLE + len(words) * _LEGEND * _LETTER
        if found and x + width > right:
            x, y = left, y - _BETWEEN
        found.append((x, y))
        x += width + 16
    return found


_MEANINGS = {
    "open": "open: no policy selects it",
    "ingress": "ingress isolated: a wall where calls come in",
    "egress": "egress isolated: a wall where calls go out",
    "both": "isolated both ways",
}


def _legend_node(state: str, meaning: str, x: float, y: float) -> Iterator[str]:
    ingress, egress = ("x",) * (state in ("ingress", "both")), ("x",) * (state in ("egress", "both"))
    node = Node(f"legend {state}", "pod", "", 1, ingress, egress)
    place = Place(x + 20, y, 40, NODE_HEIGHT * 0.6)
    style = '"rounded,filled,dashed"' if state == "open" else '"rounded,filled"'
    yield _box(
        node.key,
        place.x,
        y,
        place.width,
        place.height,
        meaning,
        f'style={style} fillcolor="{FILLS[state]}" color="{palette.QUIET}" penwidth=1.2 class="legend"',
    )
    yield from _walls(node, place)
    yield _text(f"{node.key} text", meaning, x + _SAMPLE, y, size=_LEGEND, colour=palette.QUIET, left=True)


def _box(key: str, x: float, y: float, width: float, height: float, tip: str, look: str) -> str:
    return (
        f'{quoted(key)} [pos="{x:.1f},{y:.1f}" width={width / 72:.3f} height={height / 72:.3f} {look} '
        f"tooltip={quoted(tip)}]"
    )


def _line(key: str, start: Point, end: Point, look: str, tip: str) -> str:
    """A short straight arrow between two points that nothing shows."""
    names = [quoted(f"{key} {end}") for end in ("a", "b")]
    points = [
        f'{name} [pos="{x:.1f},{y:.1f}" shape=point style=invis width=0.01 height=0.01]'
        for name, (x, y) in zip(names, (start, end), strict=True)
    ]
    (left, y), (right, _) = start, end
    shaft = right - 7
    line = f"e,{right:.1f},{y:.1f} " + " ".join(f"{x:.1f},{y:.1f}" for x in (left, left + 3, shaft - 3, shaft))
    return "\n".join([*points, f'{" -> ".join(names)} [pos="{line}" {look} tooltip={quoted(tip)}]'])


def _text(
    key: str,
    text: str,
    x: float,
    y: float,
    *,
    size: float = 12.0,
    colour: str = palette.INK,
    bold: bool = False,
    left: bool = False,
    paper: bool = False,
    tip: str = "",
) -> str:
    """A line of words with its middle at x, or its left end. On `paper` it covers what lies below."""
    width = min(len(text) * size * (0.6 if bold else _LETTER) + 3, LABEL_WIDTH if paper else 2000.0)
    ground = f'style=filled fillcolor="{palette.PAPER}" color="{palette.PAPER}" penwidth=0' if paper else ""
    justified = " labeljust=l" if left else ""
    shown = quoted(text).removesuffix('"') + '\\l"' if left else quoted(text)
    shape, middle = "box" if paper else "plaintext", x + (width / 2 if left else 0)
    return (
        f'{quoted(key)} [pos="{middle:.1f},{y:.1f}" shape={shape} '
        f"width={width / 72:.3f} height={size * 1.18 / 72:.3f} margin=0 {ground}{justified} fontsize={size:g} "
        f'fontname="{BOLD if bold else FONT}" fontcolor="{colour}" class="text" label={shown} '
        f"tooltip={quoted(tip or text)}]"
    )
