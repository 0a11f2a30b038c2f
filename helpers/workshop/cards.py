"""Cards to print and cut out: one a seat, with its address as text and as a QR code."""

import html
from collections.abc import Iterable

import segno

from helpers.workshop.seat import Seat

_STYLE = """
@page{size:A4;margin:10mm}
body{margin:0;font:13px/1.4 system-ui,sans-serif;color:#1b1f24;background:#fff}
ul{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(88mm,1fr))}
li{display:flex;gap:4mm;align-items:center;padding:5mm;border:1px dashed #8b949e;break-inside:avoid;min-height:52mm;
box-sizing:border-box}
svg{flex:none;width:38mm;height:38mm}
h2{margin:0 0 1mm;font-size:20px}
p{margin:0 0 1.5mm}
code{overflow-wrap:anywhere;font-size:11px}
"""


def page(seats: Iterable[Seat], address: str, *, warned: bool) -> str:
    """All cards as one page of HTML. `warned`: the browser will ask whether it may trust the certificate."""
    cards = "".join(_card(seat, address + seat.path, warned) for seat in seats)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Seats</title><style>{_STYLE}</style>'
        f"<body><ul>{cards}</ul></body></html>\n"
    )


def _card(seat: Seat, address: str, warned: bool) -> str:
    drawn = segno.make_qr(address, error="m").svg_inline(scale=1, border=2, omitsize=True)
    shown = html.escape(address)
    warning = "<p>The browser warns of a certificate that it doesn't know: go on.</p>" if warned else ""
    return (
        f"<li>{drawn}<div><h2>{html.escape(seat.name)}</h2><p>Network policies on the Hipster Shop</p>"
        f'<p><a href="{shown}"><code>{shown}</code></a></p>{warning}'
        "<p>The lab is yours alone; whoever has this card has it too.</p></div></li>"
    )
