"""A finished picture: SVG with a title and a description, HTML for both themes, PNG, and a sentence."""

import html
import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpers.display import palette
from helpers.display.drawing import dot
from helpers.display.drawing.dot import quoted
from helpers.lab.errors import DrawingError

PINNED = ("-Kneato", "-n2")
NARROWEST = 600
"""Pixels below which a large picture's labels could not be read: in less room it scrolls sideways."""
_SCALE = 1.1
"""Pixels to a point, at most: the whole shop then fits on a screen."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Picture:
    """A graph that has been laid out. `source` is its DOT text, for `neato -n2`; `sentence` says what it shows."""

    source: str
    title: str
    sentence: str

    @property
    def dot(self) -> str:
        """The picture in the DOT language."""
        return self.source

    def svg(self) -> str:
        """The picture as SVG with a title, a description and the light theme's colours. Raises DrawingError."""
        return self._svg(f"picture-{next(_numbers)}")

    def png(self, dpi: int = 144) -> bytes:
        """The picture as PNG. Raises DrawingError."""
        return dot.draw(self.source, "png", *PINNED, f"-Gdpi={dpi}")

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; its ending (.svg, .png or .dot) says how. Returns the path."""
        file = Path(path)
        kind = file.suffix.lower()
        if kind not in (".svg", ".png", ".dot"):
            raise DrawingError(f"A picture can be saved as .svg, .png or .dot, not as {file.name!r}.")
        content = {".svg": lambda: self.svg().encode(), ".png": self.png, ".dot": self.source.encode}[kind]()
        file.write_bytes(content)
        return file

    def shown(self) -> str:
        """The picture as SVG alone, for a page with the dark colours; its sentence when graphviz cannot draw it."""
        svg = self._repr_svg_()
        return svg if svg is not None else self._repr_html_()

    def __repr__(self) -> str:
        return f"{self.title}: {self.sentence}"

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except DrawingError:
            return None

    def _repr_html_(self) -> str:
        try:
            picture = self.svg()
        except DrawingError as error:
            return f"<p><strong>{html.escape(self.title)}</strong>: {html.escape(self.sentence)}<br>{_text(error)}</p>"
        style = f".lab-picture svg{{min-width:min(var(--width),{NARROWEST}px)}}{palette.dark_style('.lab-picture')}"
        return f'<div class="lab-picture" style="overflow-x:auto"><style>{style}</style>{picture}</div>'

    def _svg(self, name: str) -> str:
        body = self._drawn[self._drawn.index("<svg") :]
        head, inner = re.match(r"<svg([^>]*)>", body), body[body.index(">") + 1 :]
        assert head
        size = re.search(r'width="([\d.]+)pt"', head[1])
        box = re.search(r'viewBox="[^"]*"', head[1])
        width = f"{float(size[1]) * _SCALE:.0f}px" if size else "100%"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
            f'aria-labelledby="{name}-title {name}-text" {box[0] if box else ""} width="100%" '
            f'style="--width:{width};max-width:{width};height:auto">'
            f'<title id="{name}-title">{html.escape(self.title)}</title>'
            f'<desc id="{name}-text">{html.escape(self.sentence)}</desc>{_unnamed(inner, name)}'
        )

    @cached_property
    def _drawn(self) -> str:
        return dot.draw(self.source, "svg", *PINNED).decode()


def message(title: str, sentence: str) -> Picture:
    """A picture that only says something, for when there is nothing to draw."""
    width = max(len(sentence), len(title)) * 6.2 / 72 + 0.3
    source = (
        f'digraph message {{ graph [bgcolor="{palette.PAPER}"]; node [shape=plaintext fontname="Helvetica,Arial,'
        f'sans-serif" fontsize=11 fontcolor="{palette.INK}"]; words [pos="0,0" width={width:.2f} '
        f"label={quoted(sentence)}] }}"
    )
    return Picture(source, title, sentence)


def _unnamed(inner: str, name: str) -> str:
    """Make graphviz's ids unique in the page, and take out comments and titles that would show as tooltips.

    graphviz titles every element with its technical name; what a learner should read is in `xlink:title`.
    """
    inner = re.sub(r"<!--.*?-->\n?", "", inner, flags=re.DOTALL)
    inner = re.sub(r"<title>[^<]*</title>\n?", "", inner)
    inner = re.sub(r'<a xlink:title="([^"]*)">', r"<a><title>\1</title>", inner)
    return re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', inner)


def _text(error: Exception) -> str:
    return html.escape(str(error))
