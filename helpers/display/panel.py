"""The shop in a panel below the cell, or beside the notebook: a frame with a toolbar, and what the page answered.

Without a Jupyter server that could pass it on, the page is fetched by the kernel and shown as it looked then.
"""

from __future__ import annotations

import html
import json
import secrets
from dataclasses import dataclass
from importlib.resources import files

from helpers.lab.cluster import session
from helpers.lab.errors import LabError
from helpers.lab.shop import proxy
from helpers.lab.shop.pages import Page, page

HEIGHT = 560
"""The panel's height in pixels."""


@dataclass(frozen=True)
class Panel:
    """The shop at `path`. `address` is the URL of the shop's root for the browser; without one `page` is what came.

    `seen` is true if the browser may look into the frame, and tell what the page answered.
    """

    path: str
    address: str = ""
    seen: bool = True
    beside: bool = False
    height: int = HEIGHT
    page: Page | None = None

    def __repr__(self) -> str:
        if self.page is not None:
            return repr(self.page)
        return f"The shop at {self.path} is shown in a panel; lab.page({self.path!r}) says the same in words."

    def _repr_html_(self) -> str:
        if not self.address and self.page is not None:
            return _still(self.page, self.height)
        name = f"lab-shop-{secrets.token_hex(4)}"
        source = self.address + self.path.lstrip("/")
        status = "LOADING" if self.seen or self.page is None else "OK" if self.page.ok else "ERROR"
        options = {"address": self.address, "path": self.path, "seen": self.seen, "beside": self.beside}
        script = _asset("panel.js").replace("__OPTIONS__", _script_safe(options)).replace("__ID__", name)
        path = html.escape(self.path, quote=True)
        return (
            f"<style>{_asset('panel.css')}</style>"
            f'<div class="lab-shop" id="{name}" data-status="{status}" data-path="{path}" '
            f'style="height:{self.height}px">{_toolbar(source, status)}'
            f'<iframe src="{html.escape(source, quote=True)}" title="Hipster Shop"></iframe></div>'
            f"<script>{script}</script>"
        )


def shop(path: str = "/", *, beside: bool = False, height: int = HEIGHT) -> Panel:
    """Show a page of the shop in a panel; every run gives a fresh one.

    `beside` docks it at the right of the window, where it stays while you go on.
    """
    clean = f"/{path.lstrip('/')}"
    cluster = session.current()
    if cluster.entered:
        base = proxy.jupyter_url()
        if base is not None:
            return Panel(clean, f"{base}{proxy.PATH}", beside=beside, height=height)
        return Panel(clean, height=height, page=page(clean))
    from helpers.lab.shop.entrance import forwarded_port

    port, base = forwarded_port(), proxy.jupyter_url()
    if proxy.jupyter_is_here():
        return Panel(clean, f"http://127.0.0.1:{port}/", seen=False, beside=beside, height=height, page=page(clean))
    if base is not None:
        return Panel(clean, f"{base}proxy/{port}/", beside=beside, height=height)
    return Panel(clean, height=height, page=page(clean))


def _toolbar(source: str, status: str) -> str:
    word = {"LOADING": "loading …", "OK": "OK", "ERROR": "ERROR"}[status]
    return (
        '<div class="bar" role="toolbar" aria-label="The shop">'
        '<button type="button" class="reload" title="Load this page again">⟳ Reload</button>'
        '<span class="path" title="The page of the shop"></span>'
        f'<span class="status" role="status">{word}</span><span class="room"></span>'
        '<button type="button" class="dock" title="Show the shop at the right of the window" hidden>Beside</button>'
        f'<a href="{html.escape(source, quote=True)}" target="_blank" rel="noopener">In a tab</a></div>'
    )


def _still(found: Page, height: int) -> str:
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
        f'<span class="status">{status} {found.status} · {found.seconds:.2f} s</span><span class="room"></span>'
        f"<span>as it looked when this cell ran</span></div>"
        f'<iframe sandbox="" title="Hipster Shop" srcdoc="{html.escape(content, quote=True)}"></iframe></div>'
    )


def _asset(name: str) -> str:
    return (files("helpers.display") / name).read_text("utf-8")


def _script_safe(options: dict[str, object]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(options).replace("<", "\\u003c")
