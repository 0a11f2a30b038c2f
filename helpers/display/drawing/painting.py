"""Turn a scene on its layout into a sketch.

A wall on the left of a workload stands for ingress isolation, where calls come in; a wall on the right for egress
isolation, where they go out. A workload that no policy selects has neither, and an open, dashed outline. A call's port
stands above its line, and below it the numbers of the policies that allow it; the key says their names.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from helpers.display import palette
from helpers.display.drawing import layout, legend
from helpers.display.drawing.fonts import width_of
from helpers.display.drawing.geometry import Room, along
from helpers.display.drawing.layout import Key, Layout
from helpers.display.drawing.looks import COLOURS, NAME, SMALL, box, line
from helpers.display.drawing.routes import Needless, Route, routes_of
from helpers.display.drawing.scene import EXTRA, Edge, Node, Scene
from helpers.display.drawing.sketch import Box, Line, Part, Sketch, Words
from helpers.display.drawing.words import STATES, edge_words, fate_words, more_words, node_words, port_words
from helpers.policies.model.addresses import OUTSIDE

_TITLE = 13.0
_MARGIN, _NARROWEST, _LABEL = 24.0, 116.0, 50.0
_ROW = 7.2  # from a label's middle to the middles of its two rows
_GAP = 26.0  # between the picture and the title above it and the legend below


def paint(scene: Scene, title: str, *, plain: bool = False) -> Sketch:
    """The finished picture. A `plain` one is the bare plan: no isolation, no policies. Raises DrawingError."""
    plan, routes = plan_of(scene, plain=plain)
    numbers = {key: number for number, key in enumerate(scene.listed, 1)}
    calls, nodes = _calls(scene, plan, routes, numbers, plain=plain)
    room = plan.bounds
    left, right = room.left, max(room.right, room.left + width_of(title, _TITLE, bold=True))
    words = Words(title, left, room.top + _GAP, _TITLE, palette.INK, bold=True, at="start")
    key = [] if plain else legend.key_of(scene, left, right, room.bottom - _GAP)
    below = min((part.shapes[0].y for part in key if isinstance(part.shapes[0], Words)), default=room.bottom) - _GAP
    under = [legend.note_of(left, below)] if plain else [*key, *legend.legend_of(scene, left, right, below)]
    parts = [
        Part("title", "title", (words,)),
        *(_frame(namespace, frame) for namespace, frame in plan.frames.items()),
        *calls,
        *(_node(node, plan.places[node.key], numbers, plain=plain) for node in nodes),
        *under,
    ]
    return Sketch(parts, _bounds(parts))


def plan_of(scene: Scene, *, plain: bool = False) -> tuple[Layout, dict[Key, Route]]:
    """Where a scene's workloads and needed calls stand; the same ones always stand in the same places."""
    nodes = tuple((node.key, node.namespace, _width(node)) for node in scene.nodes)
    edges = {_key(edge): _label_width(edge, plain=plain) for edge in scene.edges if edge.state != EXTRA}
    return _planned(nodes, tuple(edges.items()))


@lru_cache(maxsize=32)
def _planned(nodes: tuple[layout.Box, ...], edges: tuple[tuple[Key, float], ...]) -> tuple[Layout, dict[Key, Route]]:
    plan = layout.laid_out(nodes, dict(edges))
    return plan, routes_of(plan)


def _width(node: Node) -> float:
    return max(_NARROWEST, width_of(node.title, NAME, bold=True) + _MARGIN)


def _label_width(edge: Edge, *, plain: bool) -> float:
    return max(_LABEL, width_of(port_words(edge, plain=plain), SMALL) + 6)


def _key(edge: Edge) -> Key:
    return edge.source, edge.target, edge.port, edge.protocol


def _frame(namespace: str, frame: Room) -> Part:
    words = f"namespace {namespace}"
    outline = Box(frame.x, frame.y, frame.width, frame.height, colour=palette.FRAME, pen=1, round=9)
    name = Words(words, frame.left + 6, frame.top - 10, SMALL, palette.QUIET, at="start")
    return Part(words, "namespace", (outline, name))


def _calls(
    scene: Scene, plan: Layout, routes: dict[Key, Route], numbers: dict[str, int], *, plain: bool
) -> tuple[list[Part], list[Node]]:
    """The calls, and the nodes with the number of needless calls for which no line was to be had."""
    parts: list[Part] = []
    needless = Needless(plan, routes)
    into, out_of = Counter[str](), Counter[str]()
    for edge in scene.edges:
        route = needless.route(edge.source, edge.target) if edge.state == EXTRA else routes[_key(edge)]
        if route:
            parts.append(_call(edge, route, numbers, plain=plain))
        else:
            into[edge.target] += 1
            out_of[edge.source] += 1
    return parts, [
        replace(node, others_in=node.others_in + into[node.key], others_out=node.others_out + out_of[node.key])
        for node in scene.nodes
    ]


def _call(edge: Edge, route: Route, numbers: dict[str, int], *, plain: bool) -> Part:
    policies = tuple(sorted(numbers[key] for key in edge.policies if key in numbers))
    drawn = line(edge.state, route.points, route.tip, changed=edge.change in ("now allowed", "now blocked"))
    return Part(
        f"{edge.source} → {edge.target} {edge.protocol} {edge.port}",
        f"call item {edge.state}{' changed' if edge.change else ''}",
        (drawn, *(_label(edge, route.label, policies, plain=plain) if route.label else ())),
        edge_words(edge, plain=plain),
        (edge.source, edge.target),
        edge.port,
        edge.protocol,
        policies,
    )


def _label(edge: Edge, room: Room, policies: tuple[int, ...], *, plain: bool) -> Iterator[Words]:
    yield Words(port_words(edge, plain=plain), room.x, room.y + _ROW, SMALL, palette.QUIET, room=room.width)
    below = "" if plain else fate_words(edge, policies)
    if below:
        yield Words(below, room.x, room.y - _ROW, SMALL, COLOURS[edge.state], bool(edge.change), room=room.width)


def _node(node: Node, place: Room, numbers: dict[str, int], *, plain: bool) -> Part:
    state = OUTSIDE if plain else node.state
    own = dict.fromkeys((*node.ingress, *node.egress))
    shapes: list[Box | Words] = [*box(state, place, changed=node.changed and not plain)]
    second = () if plain else tuple(_second(node, place))
    lift = 6.5 if second else 0
    room = place.width - _MARGIN / 2
    shapes.append(Words(node.title, place.x, place.y + lift, NAME, palette.INK, bold=True, room=room))
    tip = node.name if plain else node_words(node)
    return Part(
        node.key,
        f"workload item {state}{' changed' * node.changed}",
        (*shapes, *second),
        tip,
        policies=() if plain else tuple(numbers[key] for key in own if key in numbers),
    )


def _second(node: Node, place: Room) -> Iterator[Words]:
    """The row below a workload's name: how it is isolated, that it has no DNS, or how much more it lets pass."""
    more = more_words(node.others_in, node.others_out)
    text, colour = ("no DNS", palette.BLOCKED) if node.no_dns else (STATES[node.state], palette.QUIET)
    if more and not node.no_dns:
        text, colour = more, palette.EXTRA
    if text:
        strong = colour != palette.QUIET
        yield Words(text, place.x, place.y - 7.5, SMALL, colour, strong, room=place.width - 20)


def _bounds(parts: Iterable[Part]) -> tuple[float, float, float, float]:
    """How far all shapes reach: left, bottom, right, top."""
    rooms = [_room(shape) for part in parts for shape in part.shapes]
    return (
        min(room.left for room in rooms),
        min(room.bottom for room in rooms),
        max(room.right for room in rooms),
        max(room.top for room in rooms),
    )


def _room(shape: Box | Line | Words) -> Room:
    if isinstance(shape, Box):
        return Room(shape.x, shape.y, shape.width + shape.pen, shape.height + shape.pen)
    if isinstance(shape, Line):
        points = (*along(shape.points, 12), shape.tip)
        left, bottom = min(x for x, _ in points), min(y for _, y in points)
        right, top = max(x for x, _ in points), max(y for _, y in points)
        return Room((left + right) / 2, (bottom + top) / 2, right - left, top - bottom)
    width = width_of(shape.text, shape.size, bold=shape.bold)
    middle = shape.x + {"start": width / 2, "middle": 0.0, "end": -width / 2}[shape.at]
    return Room(middle, shape.y, width, shape.size * 1.2)
