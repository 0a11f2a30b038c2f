"""The shop in a panel below the cell, or beside the notebook: a frame with a toolbar, and what the page answered.

There is one live shop at a time: where a panel stands beside the notebook already, that one shows the page, and the
cell says so. Without a Jupyter server that could pass it on, the page is fetched by the kernel and shown as it looked
then.
"""

from __future__ import annotations

import html
import json
import secrets
import time
from dataclasses import dataclass
from importlib.resources import files

from helpers.lab.cluster import session
from helpers.lab.errors import LabError
from helpers.lab.shop import proxy
from helpers.lab.shop.pages import Page, page
from helpers.lab.shop.ways import FORWARDED

HEIGHT = 560
"""The panel's height in pixels."""


@dataclass(frozen=True)
class Panel:
    """The shop at `path`. `address` is the URL of the shop's root for the browser; without one `page` is what came.

    `note` is what a visitor should know of the way there; `standing` is the panel that has a place of its own.
    """

    path: str
    address: str = ""
    beside: bool = False
    height: int = HEIGHT
    page: Page | None = None
    note: str = ""
    standing: bool = False

    def __repr__(self) -> str:
        if self.page is not None:
            return repr(self.page)
        return f"The shop at {self.path} is shown in a panel; lab.page({self.path!r}) says the same in words."

    def _repr_html_(self) -> str:
        if not self.address and self.page is not None:
            return _still(self.page, self.height, self.note)
        name = f"lab-shop-{secrets.token_hex(4)}"
        source = self.address + self.path.lstrip("/")
        options = {"address": self.address, "path": self.path, "beside": self.beside, "standing": self.standing,
                   "made": time.time()}  # fmt: skip
        script = _asset("panel.js").replace("__OPTIONS__", _script_safe(options)).replace("__ID__", name)
        path = html.escape(self.path, quote=True)
        return (
            f"<style>{_asset('panel.css')}</style>"
            f'<div class="lab-shop" id="{name}" data-status="LOADING" data-path="{path}" '
            f'style="height:{self.height}px">{_toolbar(source, self.note)}'
            f'<iframe title="Hipster Shop"></iframe></div>'
            f"<script>{script}</script>"
        )


def shop(path: str = "/", *, beside: bool = False, height: int = HEIGHT) -> Panel:
    """Show a page of the shop: in the panel beside the notebook if there is one, else in a fresh one below the cell.

    `beside` docks it at the right of the window, where it stays while you go on.
    """
    clean = f"/{path.lstrip('/')}"
    note = "" if session.current().entered else FORWARDED
    address = proxy.shop_path()
    if address is not None:
        return Panel(clean, address, beside, height, note=note)
    return Panel(clean, height=height, page=page(clean), note=note)


def _toolbar(source: str, note: str) -> str:
    return (
        '<div class="bar" role="toolbar" aria-label="The shop">'
        '<button type="button" class="reload" title="Load this page again">⟳ Reload</button>'
        '<span class="path" title="The page of the shop"></span>'
        f'<span class="status" role="status">loading …</span>{_noted(note)}<span class="room"></span>'
        '<button type="button" class="here" title="Show this page below the cell" hidden>Show here</button>'
        '<button type="button" class="dock" title="Show the shop at the right of the window" hidden>Beside</button>'
        f'<a class="tab" href="{html.escape(source, quote=True)}" target="_blank" rel="noopener">In a tab</a></div>'
    )


def _noted(note: str) -> str:
    return f'<span class="note" title="{html.escape(note, quote=True)}">{html.escape(note)}</span>' if note else ""


def _still(found: Page, height: int, note: str) -> str:
    """A page as it looked when the cell ran: no scripts, no links to follow."""
    from helpers.display.still import standalone

    try:
        content = standalone(found)
    except LabError:
        content = found.html
    status = "OK" if found.ok else "ERROR"
    return (
        f"<style>{_asset('panel.css')}</style>"
        f'<div class="lab-shop" data-status="{status}" data-path="{html.escape(found.path, quote=True)}" '
        f'style="height:{height}px"><div class="bar"><span class="path">{html.escape(found.path)}</span>'
        f'<span class="status">{status} {found.status} · {found.seconds:.2f} s</span>{_noted(note)}'
        f'<span class="room"></span><span>as it looked when this cell ran</span></div>'
        f'<iframe sandbox="" title="Hipster Shop" srcdoc="{html.escape(content, quote=True)}"></iframe></div>'
    )


def _asset(name: str) -> str:
    return (files("helpers.display") / name).read_text("utf-8")


def _script_safe(options: dict[str, object]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(options).replace("<", "\\u003c")
