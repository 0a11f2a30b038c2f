"""A pane: HTML made in the kernel, shown in the browser, with what is clicked and changed sent back."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from helpers.display.drawing import live

STYLE = Path(__file__).with_name("pane.css").read_text("utf-8") + live.style()
"""The widgets' style sheet, with that of the pictures in them: sent once, not with each."""


class Pane(anywidget.AnyWidget):
    """Shows `html`, and calls back with what is done in it: see `does` for how an element says what it does."""

    _esm = Path(__file__).with_name("pane.js")
    _css = STYLE

    html = traitlets.Unicode("").tag(sync=True)

    def __init__(self, html: str = "", **traits: Any) -> None:
        self._done: list[Callable[..., None]] = []
        super().__init__(html=html, **traits)
        self.on_msg(self._receive)

    def on_do(self, callback: Callable[..., None]) -> None:
        """Have `callback(action, *arguments)` called for what is clicked or changed."""
        self._done.append(callback)

    def save(self, name: str, text: str, mime: str = "text/plain") -> None:
        """Have the browser save a text as a file."""
        self.send({"type": "save", "name": name, "text": text, "mime": mime})

    def _receive(self, _: object, message: Any, __: object) -> None:
        done = message.get("does") if isinstance(message, dict) and message.get("type") == "do" else None
        if isinstance(done, list) and done and isinstance(done[0], str):
            for callback in self._done:
                callback(*done)


def esc(value: object) -> str:
    """Text made safe for HTML, in content and in quoted attributes."""
    return html.escape(str(value), quote=True)


def does(*action: object, key: str = "") -> str:
    """The attributes of an element that does something: the action's name, then arguments that JSON can say."""
    return f'data-do="{esc(json.dumps(action))}" data-key="{esc(key or json.dumps(action))}"'


def button(text: str, *action: object, title: str = "", off: bool = False, kind: str = "", extra: str = "") -> str:
    """A button that sends an action; `off` disables it, `title` says more, `kind` is a class."""
    hint = f' title="{esc(title)}"' if title else ""
    disabled = " disabled" if off else ""
    return f'<button type="button" class="lab-button {kind}" {does(*action)}{hint}{disabled} {extra}>{text}</button>'


def copied(text: str, title: str) -> str:
    """A text as it is, with a button that copies it."""
    return (
        f'<div class="lab-copied"><pre class="lab-yaml">{esc(text)}</pre><button type="button" data-copy '
        f'class="lab-button lab-copy" title="{esc(title)}" aria-label="{esc(title)}">Copy</button></div>'
    )


def select(choices: list[tuple[str, str, str]], chosen: str, label: str, *action: object, kind: str = "") -> str:
    """A drop-down. Choices are (value, text, group); the label is for screen readers."""
    parts, group = [], ""
    for value, text, where in choices:
        if where != group:
            parts.append("</optgroup>" * bool(group) + (f'<optgroup label="{esc(where)}">' if where else ""))
            group = where
        parts.append(f'<option value="{esc(value)}"{" selected" * (value == chosen)}>{esc(text)}</option>')
    parts.append("</optgroup>" * bool(group))
    return f'<select class="{kind}" aria-label="{esc(label)}" {does(*action)}>{"".join(parts)}</select>'
