"""The door's own pages: one that waits for the shop in the shop's look, and the panel."""

from __future__ import annotations

import html
import re
from importlib.resources import files

from helpers.display.door.passing import Asked
from helpers.display.panel import Panel


def closed(heading: str, sentence: str, asked: Asked) -> str:
    """A page that waits until the shop is open, and then makes room for the page that was asked for.

    What a form sent isn't sent again: the cart shows what came of it.
    """
    after = "" if asked.method == "GET" else f"{asked.root}cart"
    values = {"HEADING": heading, "SENTENCE": sentence, "ROOT": asked.root, "NEXT": after}
    return re.sub(r"__([A-Z]+)__", lambda found: html.escape(values[found[1]]), _asset("closed.html"))


def panel(path: str, note: str) -> str:
    """The page of the shop at `path` below a toolbar, over the whole window."""
    shown = Panel(f"/{path.lstrip('/')}", "../", note=note, standing=True)
    return _asset("panel.html").replace("__PANEL__", shown._repr_html_())


def said(body: bytes) -> tuple[str, str]:
    """Heading and first sentence of the page with which the local cluster's entrance says that there is no shop."""
    text = body.decode(errors="replace")
    found = [re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.DOTALL) for tag in ("h1", "p")]
    heading, sentence = (html.unescape(re.sub(r"<[^>]+>", "", one[1])).strip() if one else "" for one in found)
    return heading or "The shop isn't open yet", sentence.partition("This page looks")[0].strip()


def _asset(name: str) -> str:
    return (files("helpers.display.door") / name).read_text("utf-8")
