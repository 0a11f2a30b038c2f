"""Below the picture, about as wide as it is: the policies by their numbers, and how lines and workloads look."""

from collections.abc import Iterator, Sequence

from helpers.display import palette
from helpers.display.drawing.fonts import width_of
from helpers.display.drawing.geometry import Room
from helpers.display.drawing.looks import SMALL, box, sample
from helpers.display.drawing.scene import ALLOWED, BLOCKED, EXTRA, WORDS, Scene
from helpers.display.drawing.sketch import Part, Point, Words
from helpers.display.drawing.words import bare

_ROW, _HIGH_ROW = 15.0, 25.0
_SAMPLE, _BETWEEN = 46.0, 18.0  # from a sample to its words, and to the next entry
_MEANINGS = {
    "open": "open: no policy selects it",
    "ingress": "ingress isolated: a wall where calls come in",
    "egress": "egress isolated: a wall where calls go out",
    "both": "isolated both ways",
}
_LAST = "changed by the last policy"
_PORTS = "The number is the port on which the pod listens; a → b where its Service has another port, a."


def key_of(scene: Scene, left: float, right: float, top: float) -> list[Part]:
    """The policies' numbers and names, in columns; `top` is the height of the first row's middle."""
    entries = [f"[{number}] {bare(key)}" for number, key in enumerate(scene.listed, 1)]
    column = max((width_of(entry, SMALL, bold=True) for entry in entries), default=0.0) + _BETWEEN
    across = max(1, int((right - left + _BETWEEN) / column)) if entries else 1
    return [
        Part(
            f"policy {key}",
            "policy item",
            (_text(entry, left + number % across * column, top - number // across * _ROW, bold=key == scene.last),),
            bare(key),
            policies=(number + 1,),
        )
        for number, (entry, key) in enumerate(zip(entries, scene.listed, strict=True))
    ]


def legend_of(scene: Scene, left: float, right: float, top: float) -> Iterator[Part]:
    """How lines look, how workloads look, and what the last policy changed.

    The room of that last entry is kept where it isn't needed, so that nothing moves when a policy comes.
    """
    lines = (ALLOWED, BLOCKED, EXTRA)
    places = _rows([WORDS[state] for state in lines], left, right, top)
    for state, (x, y) in zip(lines, places, strict=True):
        shapes = (sample(state, x, y, 40), _text(WORDS[state], x + _SAMPLE, y))
        yield Part(f"legend {state}", "legend", shapes)
    below = min(y for _, y in places) - _HIGH_ROW
    *places, last = _rows([*_MEANINGS.values(), _LAST], left, right, below)
    for (state, meaning), (x, y) in zip(_MEANINGS.items(), places, strict=True):
        looks = box(state, Room(x + 20, y, 40, 21))
        yield Part(f"legend {state}", "legend", (*looks, _text(meaning, x + _SAMPLE, y)))
    if scene.last:
        shapes = (sample(ALLOWED, *last, 40, changed=True), _text(_LAST, last[0] + _SAMPLE, last[1]))
        yield Part("legend last", "legend", shapes)


def note_of(left: float, top: float) -> Part:
    """What the numbers on a plan's arrows are."""
    return Part("note", "legend", (_text(_PORTS, left, top),))


def _rows(entries: Sequence[str], left: float, right: float, top: float) -> list[Point]:
    """Where each entry begins: side by side, in a new row where there is no room."""
    found: list[Point] = []
    x, y = left, top
    for words in entries:
        width = _SAMPLE + width_of(words, SMALL)
        if found and x + width > right:
            x, y = left, y - _HIGH_ROW
        found.append((x, y))
        x += width + _BETWEEN
    return found


def _text(text: str, x: float, y: float, *, bold: bool = False) -> Words:
    return Words(text, x, y, SMALL, palette.INK if bold else palette.QUIET, bold, "start")
