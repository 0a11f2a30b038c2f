"""A widget as it looks at one moment, as HTML that needs neither a kernel nor a script."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
_MODEL = "IPY_MODEL_"
State = Mapping[str, Any]


def freeze(outputs: list[Any], states: Mapping[str, State]) -> None:
    """Put a still in the place of each widget among a cell's outputs; `states` are the widgets', by their models."""
    for output in outputs:
        data = output.get("data") or {}
        view = data.pop(WIDGET, None)
        if view and view["model_id"] in states:
            data["text/html"] = page(view["model_id"], states)


def page(model: str, states: Mapping[str, State]) -> str:
    """A widget with all that stands in it, and their style sheets."""
    sheets = dict.fromkeys(str(states[one]["_css"]) for one in family(model, states) if states[one].get("_css"))
    styles = "".join(f"<style>{sheet}</style>" for sheet in sheets)
    return f'{styles}<div class="still" inert>{still(model, states)}</div>'


def family(model: str, states: Mapping[str, State]) -> list[str]:
    """A widget and all that stand in it."""
    return [model, *(one for child in _children(states[model]) if child in states for one in family(child, states))]


def still(model: str, states: Mapping[str, State]) -> str:
    state = states[model]
    classes = [*state.get("_dom_classes", ()), *_CLASSES.get(_kind(state), ())]
    inner = _inner(state) + "".join(still(child, states) for child in _children(state) if child in states)
    return f'<div class="{html.escape(" ".join(classes))}">{inner}</div>'


_CLASSES = {"html": ("lab-pane",), "frames": ("lab-pane", "lab-timeline"), "shown": ("lab-editor",)}


def _kind(state: State) -> str:
    return next((kind for kind in _CLASSES if kind in state), "")


def _inner(state: State) -> str:
    """What one widget shows itself: a pane's HTML, an editor's text, the step of a timeline, a field's value."""
    kind = _kind(state)
    if kind == "html":
        return str(state["html"])
    if kind == "shown":
        return f"<pre>{html.escape(str(state['shown'].get('text', '')))}</pre>"
    if kind == "frames":
        frame = state["frames"][state["step"]]
        said = f'<p class="lab-said"><b>{html.escape(frame["title"])}</b> {html.escape(frame["text"])}</p>'
        return f'{said}<div class="lab-graph">{frame["picture"]}</div>'
    if state.get("_model_name") == "HTMLModel":
        return str(state["value"])
    if "value" in state:
        return f"{html.escape(str(state.get('description') or ''))} <code>{html.escape(str(state['value']))}</code>"
    return ""


def _children(state: State) -> list[str]:
    return [str(child).removeprefix(_MODEL) for child in state.get("children") or ()]
