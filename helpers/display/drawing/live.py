"""A picture alive in a page: HTML with its own style and script, which needs no kernel and nothing from afar."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from helpers.display import palette

SCOPE = ".lab-graph"


def page(svg: str) -> str:
    """A picture's SVG with its style and its script."""
    return (
        f'<div class="{SCOPE[1:]}"><style>{style()}</style><div class="lab-frame">{svg}</div>'
        f"<script>{{\n{script()}\nenliven(document.currentScript.parentElement);\n}}</script></div>"
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
