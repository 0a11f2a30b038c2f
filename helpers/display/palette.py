"""Colours of pictures and tables, in light and dark: told apart by people who are colour-blind, never used alone.

Pictures carry the light colours; in a dark page a style sheet replaces each by its partner.
"""

import re

PAPER = "#ffffff"
INK = "#1b1f24"
QUIET = "#57606a"
FRAME = "#b6bec8"

INGRESS_FILL, INGRESS_WALL = "#dcebfb", "#0a5aa6"
EGRESS_FILL, EGRESS_WALL = "#fdf0cf", "#8f5700"
BOTH_FILL = "#e7f2e4"

ALLOWED = "#0069a8"
BLOCKED = "#b84300"
EXTRA = "#96318a"
HALO = "#ffe08a"

DARK = {
    PAPER: "#161616",
    INK: "#e6edf3",
    QUIET: "#a5b0bc",
    FRAME: "#59636e",
    INGRESS_FILL: "#12304d",
    INGRESS_WALL: "#74b9ff",
    EGRESS_FILL: "#3d2f0d",
    EGRESS_WALL: "#f2b84b",
    BOTH_FILL: "#1d3822",
    ALLOWED: "#68b8f5",
    BLOCKED: "#ff9155",
    EXTRA: "#f0a0d0",
    HALO: "#5c4a12",
}
"""Light colour → its partner on a dark page."""


_DARK_PAGES = '[data-jp-theme-light="false"]', ".vscode-dark"


def dark_style(scope: str) -> str:
    """CSS that gives elements inside `scope` (a selector) their dark colours when the page's theme is dark."""
    within = f":is({', '.join(_DARK_PAGES)}) {scope}"
    return "".join(
        f'{within} [{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )


def darkened(svg: str) -> str:
    """A picture in its dark colours."""
    return re.sub(r'\b(fill|stroke)="(#\w+)"', lambda found: f'{found[1]}="{DARK.get(found[2], found[2])}"', svg)
