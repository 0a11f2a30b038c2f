"""Pictures, tables and widgets: thin over `lab` and `policies`, no logic of their own.

The names below are loaded when they are first used. Whatever they return shows as HTML in a notebook and as a
sentence or a table in a terminal.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.display.pictures import architecture, graph

_HOMES = {
    "architecture": "pictures", "graph": "pictures",
}

__all__ = ["architecture", "graph"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
