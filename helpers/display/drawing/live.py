"""A picture alive in a page: HTML with its own style and script, which needs no kernel and nothing from afar."""

from __future__ import annotations

import base64
import html
import secrets
from functools import cache
from pathlib import Path

from helpers.display import palette

SCOPE = ".lab-graph"


def page(svg: str, sentence: str) -> str:
    """A picture with its style and its script: a still image, in whose place the script puts the living picture.

    Where no script may run, in a notebook that isn't trusted above all, the image stays, or its sentence.
    """
    source = base64.b64encode(svg.encode()).decode()
    width = svg.partition("--width:")[2].partition(";")[0]
    return (
        f'<div class="{SCOPE[1:]}"><style>{style()}</style><div class="lab-frame">'
        f'<img alt="{html.escape(sentence)}" src="data:image/svg+xml;base64,{source}" '
        f'style="width:100%;max-width:{width};background:{palette.PAPER}"></div>'
        f"<script>{{\n{script()}\nunfold(document.currentScript.parentElement);\n}}</script></div>"
    )


@cache
def style() -> str:
    """The style sheet of a living picture in an element of class `lab-graph`."""
    return Path(__file__).with_name("live.css").read_text("utf-8") + palette.dark_style(SCOPE)


@cache
def script() -> str:
    """The script: it defines `enliven(element)` for an element of class `lab-graph`."""
    return Path(__file__).with_name("live.js").read_text("utf-8").replace("export function", "function")


def new_name() -> str:
    """What the ids of one picture in a page begin with; outputs of other kernels may stand beside it."""
    return f"graph-{secrets.token_hex(4)}"
