"""Pictures, tables and widgets: thin over `lab` and `policies`, no logic of their own.

The names below are loaded when they are first used. Whatever they return shows as HTML in a notebook and as a
sentence or a table in a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helpers.lab.errors import load

if TYPE_CHECKING:
    from helpers.display.drawing.pictures import architecture, graph
    from helpers.display.explaining import compare, explain
    from helpers.display.flowtable import flows
    from helpers.display.panel import shop
    from helpers.display.picking import labels
    from helpers.display.report.saving import save_report
    from helpers.display.tables import matrix
    from helpers.display.widgets.flowlog import flow_log
    from helpers.display.widgets.live import workbench
    from helpers.display.widgets.scoreboard import score
    from helpers.display.widgets.timeline import timeline

_HOMES = {
    "architecture": "drawing.pictures",
    "compare": "explaining",
    "explain": "explaining",
    "flows": "flowtable",
    "graph": "drawing.pictures",
    "labels": "picking",
    "matrix": "tables",
    "save_report": "report.saving",
    "shop": "panel",
    "flow_log": "widgets.flowlog",
    "score": "widgets.scoreboard",
    "timeline": "widgets.timeline",
    "workbench": "widgets.live",
}

__all__ = [
    "architecture",
    "compare",
    "explain",
    "flow_log",
    "flows",
    "graph",
    "labels",
    "matrix",
    "save_report",
    "score",
    "shop",
    "timeline",
    "workbench",
]

_ANSWERS = {
    ("helpers.policies.judging.verdicts", "Verdict"): "verdict_html",
    ("helpers.policies.linting.findings", "Finding"): "finding_html",
    ("helpers.policies.writing.suggesting", "Suggestion"): "suggestion_html",
    ("helpers.lab.course.advice", "Findings"): "findings_html",
}
"""What the engine answers, by module and class, and the function of `answers` that makes a page of it."""


def _register() -> None:
    """Have the running IPython show the engine's answers as HTML wherever they end a cell."""
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        for (module, name), function in _ANSWERS.items():
            shell.display_formatter.formatters["text/html"].for_type_by_name(module, name, _page_of(function))


def _page_of(function: str) -> Callable[[Any], str]:
    return lambda answer: str(getattr(load("helpers.display.answers"), function)(answer))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(load(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


_register()
