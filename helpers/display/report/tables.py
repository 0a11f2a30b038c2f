"""The pieces of a page: paragraphs, lists, tables and figures. Cells and items are HTML that is escaped already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> str:
    """A paragraph of plain text; what stands in backticks is code."""
    coded = _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
    return f"<p>{coded}</p>\n"


def listing(items: Iterable[str], *, found: bool = False) -> str:
    """A list; with `found` the page's search shows and hides its items. Nothing without items."""
    lines = "".join(f"<li{' data-find' if found else ''}>{item}</li>\n" for item in items)
    return f"<ul>\n{lines}</ul>\n" if lines else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 0) -> str:
    """A table whose rows the page's search shows and hides; of the columns after the first `texts`, if that isn't 0,
    all are figures."""
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr data-find><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>\n'
        for row in rows
    )
    figures_after = f' class="texts-{texts}"' if texts else ""
    return (
        f'<div class="wide" tabindex="0"><table{figures_after}><thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def fold(summary: str, body: str, *, opened: bool = False) -> str:
    """What is shown when its summary (HTML) is clicked."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>\n{body}</details>\n"


def figures(entries: Iterable[tuple[int, str, str]]) -> str:
    """Large numbers, each with its noun and a line below it."""
    items = "".join(
        f'<li><b>{number:,}</b>{escape(noun)}<br><span class="quiet">{escape(more)}</span></li>\n'
        for number, noun, more in entries
    )
    return f'<ul class="figures">\n{items}</ul>\n'
