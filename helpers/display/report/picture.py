"""The picture of a report: its workloads, or of many only the namespaces, with the calls that are needed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from helpers.display import palette
from helpers.display.drawing import live
from helpers.display.drawing.dot import draw
from helpers.display.report import words
from helpers.display.report.tables import prose
from helpers.lab.errors import DrawingError
from helpers.policies.application.formats import dot
from helpers.policies.model.naming import is_system
from helpers.policies.reporting.report import Report

MOST_WORKLOADS = 60
"""Above so many workloads the picture shows namespaces."""

_NAME = re.compile(r"\bgraph-[0-9a-f]{8}\b")


def style() -> str:
    """The style sheet of the part."""
    return live.style() + palette.dark_style(".picture") + ".picture svg{max-width:100%;height:auto}"


def script() -> str:
    """The script that makes the picture alive."""
    return f'{{\n{live.script()}\nfor (const one of document.querySelectorAll("{live.SCOPE}")) enliven(one);\n}}'


def body(report: Report) -> str:
    """The part of the page."""
    own = [one for one in report.workloads if not is_system(one.namespace)]
    if not own:
        return prose(words.NO_WORKLOAD)
    if len(own) > MOST_WORKLOADS:
        return _of_namespaces(report)
    from helpers.display.drawing.pictures import graph

    try:
        drawn = graph(report.world, [one.arrow for one in report.needed if one.arrow is not None], last="")
    except DrawingError as error:
        return prose(str(error))
    svg = _NAME.sub("graph", drawn.shown())  # the same for the same input
    return f'<div class="{live.SCOPE[1:]}"><div class="lab-frame">{svg}</div></div>\n{prose(drawn.sentence)}'


def _of_namespaces(report: Report) -> str:
    pairs = {pair: one for pair, one in report.namespaces.items() if (one.needed or one.cut) and pair[0] != pair[1]}
    said = prose(
        f"There are {len(report.workloads):,} workloads, so the picture would show their namespaces; which workloads "
        "call which is in the tables below."
    )
    if not pairs:
        return said + prose("No call from one namespace to another is needed.")
    arrows = (
        (
            source or "outside",
            target or "outside",
            _label(one.needed, one.cut),
            palette.BLOCKED if one.cut else palette.ALLOWED,
        )
        for (source, target), one in pairs.items()
    )
    return f'{said}<div class="picture wide">{_drawn(arrows)}</div>\n'


def _label(needed: int, cut: int) -> str:
    return f"{needed} needed" + (f", {cut} cut" if cut else "")


def _drawn(arrows: Iterable[tuple[str, str, str, str]]) -> str:
    try:
        drawn = str(draw(dot(arrows), "svg"), "utf-8")
    except DrawingError as error:
        return prose(str(error))
    return drawn[drawn.index("<svg") :]
