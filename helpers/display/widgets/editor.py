"""The YAML editor: CodeMirror in the browser, the text kept in the kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HINT = "Tab indents. Press Escape, then Tab, to leave the editor."


class Editor(anywidget.AnyWidget):
    """A YAML editor.

    The kernel owns the text. `show` puts a text there; typing comes in through `on_typed(callback)`. Every `show`
    raises the revision, and what was typed on an older one is dropped: the browser has replaced that text already.
    """

    _esm = Path(__file__).with_name("editor.js")

    shown = traitlets.Dict().tag(sync=True)
    marks: Any = traitlets.List().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    read_only = traitlets.Bool(False).tag(sync=True)
    label = traitlets.Unicode("A network policy as YAML").tag(sync=True)
    hint = traitlets.Unicode(_HINT).tag(sync=True)
    max_height = traitlets.Unicode("26rem").tag(sync=True)
    min_height = traitlets.Unicode("12rem").tag(sync=True)

    def __init__(self, text: str = "", document: object = "", **traits: Any) -> None:
        self._typed: list[Callable[[str], None]] = []
        super().__init__(shown={"document": document, "text": text, "revision": 0}, **traits)
        self.on_msg(self._receive)

    @property
    def text(self) -> str:
        """The text in the editor."""
        return str(self.shown["text"])

    def on_typed(self, callback: Callable[[str], None]) -> None:
        """Have `callback(text)` called for every keystroke, wherever the kernel runs callbacks."""
        self._typed.append(callback)

    def show(self, text: str, document: object = None) -> None:
        """Put a text into the editor. Another `document` starts anew, with its own undo and the cursor at the top."""
        document = self.shown["document"] if document is None else document
        if (document, text) != (self.shown["document"], self.text):
            self.shown = {"document": document, "text": text, "revision": self.shown["revision"] + 1}

    def mark(self, marks: Sequence[Mapping[str, Any]]) -> None:
        """Underline places: {line, column, end, severity, message}, lines and columns from 1."""
        self.marks = [dict(mark) for mark in marks]

    def goto(self, line: int) -> None:
        """Put the cursor at a line, and the keyboard's focus into the editor."""
        self.send({"type": "goto", "line": line})

    def _receive(self, _: object, message: Any, __: object) -> None:
        if not isinstance(message, dict) or message.get("type") != "typed":
            return
        if any(message.get(name) != self.shown[name] for name in ("document", "revision")):
            return
        # The browser has this text: note it without sending it back.
        self._trait_values["shown"] = {**self.shown, "text": str(message["text"])}
        for callback in self._typed:
            callback(self.text)
