"""One self-contained HTML page of titled parts: light and dark, no network, readable without its script."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Part:
    """A part of a page: its title, and its body as HTML. What the body says of others must be escaped already.

    Elements with the attribute `data-find` are what the page's search shows and hides: by their text, or by the
    attribute's own value in small letters.
    """

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """The part's name in the page's address: `what-is-open`."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def page(
    title: str, parts: Sequence[Part], *, lead: str = "", foot: str = "", style: str = "", scripts: Iterable[str] = ()
) -> str:
    """The whole page as text.

    `lead` (HTML) stands below the title, `foot` (HTML) at the end; `style` is further CSS, for which a dark page is
    `[data-jp-theme-light="false"]`, as in Jupyter; `scripts` are JavaScript texts that run after the page's own. No
    other script runs in it, whatever the parts hold, and nothing is loaded.
    """
    running = [_asset("page.js"), *scripts]
    contents = "".join(f'<li><a href="#{one.anchor}">{html.escape(one.title)}</a></li>' for one in parts)
    sections = "\n".join(
        f'<section id="{one.anchor}"><h2>{html.escape(one.title)}</h2>\n{one.body}</section>' for one in parts
    )
    return (
        '<!doctype html>\n<html lang="en" data-jp-theme-light="true">\n<head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(running)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_asset('page.css')}{style}</style></head>\n"
        f'<body><main><header><h1>{html.escape(title)}</h1><button id="theme" type="button">Light or dark</button>'
        f'</header>\n{lead}\n<nav aria-label="Parts of this page"><ul>{contents}</ul></nav>\n{_search(parts)}'
        f"{sections}\n<footer>{foot}</footer></main>\n"
        + "".join(f"<script>{script}</script>\n" for script in running)
        + "</body></html>\n"
    )


def _search(parts: Iterable[Part]) -> str:
    if not any("data-find" in one.body for one in parts):
        return ""
    return (
        '<p role="search"><input id="search" type="search" aria-label="Search the tables" '
        'placeholder="Search the tables: a name, a port …"> '
        '<span id="found" class="quiet" aria-live="polite"></span></p>\n'
    )


def _policy(scripts: Iterable[str]) -> str:
    """What the browser lets the page do: run these scripts, and load nothing."""
    allowed = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts
    )
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {allowed}"


def _asset(name: str) -> str:
    return files("helpers.display.report").joinpath(name).read_text(encoding="utf-8").strip()
