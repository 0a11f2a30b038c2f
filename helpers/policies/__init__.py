"""What network policies mean: validate, judge, explain, compare, lint and suggest.

Pure: reads no file and speaks to no cluster. `World.of(objects)` takes Kubernetes objects as dicts and answers
every question; the names below are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.policies.comparing import compare
    from helpers.policies.defaults import default
    from helpers.policies.errors import FieldError
    from helpers.policies.linting import Finding, lint
    from helpers.policies.model import Pod, Policy
    from helpers.policies.reading import read
    from helpers.policies.redundancy import redundant, removable
    from helpers.policies.suggesting import Suggestion, suggest
    from helpers.policies.validation import validate
    from helpers.policies.verdicts import Side, Verdict
    from helpers.policies.world import NotFound, World

_HOMES = {
    "FieldError": "errors", "validate": "validation", "default": "defaults", "World": "world", "NotFound": "world",
    "compare": "comparing", "Finding": "linting", "lint": "linting", "read": "reading",
    "suggest": "suggesting", "Suggestion": "suggesting", "redundant": "redundancy", "removable": "redundancy",
    "Pod": "model", "Policy": "model", "Verdict": "verdicts", "Side": "verdicts",
}

__all__ = ["FieldError", "Finding", "NotFound", "Pod", "Policy", "Side", "Suggestion", "Verdict", "World",
           "compare", "default", "lint", "read", "redundant", "removable", "suggest", "validate"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
