"""A finished picture: alive in a notebook, SVG, PNG, PDF and DOT as files, and a sentence everywhere else."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpers.display import palette
from helpers.display.drawing import dot, live
from helpers.display.drawing.fonts import width_of
from helpers.display.drawing.looks import SMALL
from helpers.display.drawing.pdf import pdf_of
from helpers.display.drawing.sketch import Part, Sketch, Words
from helpers.display.drawing.svg import svg_of
from helpers.lab.errors import DrawingError

_FORMS = (".svg", ".png", ".pdf", ".dot")


@dataclass(frozen=True)
class Picture:
    """A picture that is laid out when it is first looked at. `sentence` says what it shows."""

    paint: Callable[[], Sketch]
    title: str
    sentence: str

    @cached_property
    def sketch(self) -> Sketch:
        """What is drawn where. Raises DrawingError."""
        return self.paint()

    @cached_property
    def source(self) -> str:
        """The picture in the DOT language, everything in its place: for `neato -n2`. Raises DrawingError."""
        return dot.described(self.sketch)

    def svg(self, *, dark: bool = False, paper: bool = True) -> str:
        """The picture as SVG with a title and a description, transparent without `paper`. Raises DrawingError."""
        found = svg_of(self.sketch, self.title, self.sentence, "graph", paper=paper, fluid=False)
        return palette.darkened(found) if dark else found

    def png(self, dpi: int = 144) -> bytes:
        """The picture as PNG. Raises DrawingError."""
        return dot.draw_as_placed(self.source, "png", f"-Gdpi={dpi}")

    def pdf(self) -> bytes:
        """The picture as PDF, one page of its size. Raises DrawingError."""
        return pdf_of(self.sketch, self.title)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; its ending (.svg, .png, .pdf or .dot) says how. Returns the path."""
        file = Path(path)
        kind = file.suffix.lower()
        if kind not in _FORMS:
            raise DrawingError(f"A picture can be saved as {', '.join(_FORMS)}, not as {file.name!r}.")
        if kind == ".png":
            content = self.png()
        elif kind == ".pdf":
            content = self.pdf()
        else:
            content = (self.svg() if kind == ".svg" else self.source).encode()
        file.write_bytes(content)
        return file

    def shown(self) -> str:
        """The picture as SVG alone, transparent, for a page with the dark colours and the script of `live`.

        A page of words when graphviz cannot draw it.
        """
        try:
            return svg_of(self.sketch, self.title, self.sentence, live.new_name(), paper=False, fluid=True)
        except DrawingError as error:
            return self._words(error)

    def __repr__(self) -> str:
        return f"{self.title}: {self.sentence}"

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except DrawingError:
            return None

    def _repr_html_(self) -> str:
        try:
            self.sketch  # noqa: B018  (raises where nothing can be drawn)
        except DrawingError as error:
            return self._words(error)
        return live.page(self.shown(), f"{self.title}: {self.sentence}")

    def _words(self, error: DrawingError) -> str:
        said = html.escape(self.sentence)
        return f"<p><strong>{html.escape(self.title)}</strong>: {said}<br>{html.escape(str(error))}</p>"


def message(title: str, sentence: str) -> Picture:
    """A picture that only says something, for when there is nothing to draw."""
    words = Words(sentence, 0, 0, SMALL + 1, palette.INK, at="start")
    width = width_of(sentence, words.size)
    sketch = Sketch([Part("words", "message", (words,))], (0, -8, width, 8))
    return Picture(lambda: sketch, title, sentence)
