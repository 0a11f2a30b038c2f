"""Pictures, tables and widgets: thin over `lab` and `policies`, no logic of their own.

The names below are loaded when they are first used. Whatever they return shows as HTML in a notebook and as a
sentence or a table in a terminal.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.display.explaining import compare, explain
    from helpers.display.panel import shop
    from helpers.display.picking import labels
    from helpers.display.pictures import architecture, graph
    from helpers.display.tables import flows, matrix
    from helpers.display.widgets.flowlog import flow_log
    from helpers.display.widgets.live import workbench
    from helpers.display.widgets.timeline import timeline

_HOMES = {
    "architecture": "pictures", "compare": "explaining", "explain": "explaining", "flows": "tables",
    "graph": "pictures", "labels": "picking", "matrix": "tables", "shop": "panel",
    "flow_log": "widgets.flowlog", "timeline": "widgets.timeline", "workbench": "widgets.live",
}

__all__ = ["architecture", "compare", "explain", "flow_log", "flows", "graph", "labels", "matrix", "shop", "timeline",
           "workbench"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
