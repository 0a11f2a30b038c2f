"""What network policies mean: validate, judge, explain, compare, lint and suggest.

Pure: reads no file and speaks to no cluster. `World.of(objects)` takes Kubernetes objects as dicts and answers
every question; the names below are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.policies.application.comparing import compare
    from helpers.policies.application.redundancy import redundant, removable
    from helpers.policies.errors import FieldError
    from helpers.policies.judging.verdicts import Side, Verdict
    from helpers.policies.linting import Finding, lint
    from helpers.policies.model import Pod, Policy
    from helpers.policies.names import NotFound
    from helpers.policies.reading.defaults import default
    from helpers.policies.reading.texts import read
    from helpers.policies.reading.validation import validate
    from helpers.policies.world import World
    from helpers.policies.writing.suggesting import Suggestion, suggest

_HOMES = {
    "FieldError": "errors",
    "World": "world",
    "NotFound": "names",
    "read": "reading.texts",
    "validate": "reading.validation",
    "default": "reading.defaults",
    "compare": "application.comparing",
    "redundant": "application.redundancy",
    "removable": "application.redundancy",
    "Finding": "linting",
    "lint": "linting",
    "suggest": "writing.suggesting",
    "Suggestion": "writing.suggesting",
    "Pod": "model",
    "Policy": "model",
    "Verdict": "judging.verdicts",
    "Side": "judging.verdicts",
}

__all__ = [
    "FieldError",
    "Finding",
    "NotFound",
    "Pod",
    "Policy",
    "Side",
    "Suggestion",
    "Verdict",
    "World",
    "compare",
    "default",
    "lint",
    "read",
    "redundant",
    "removable",
    "suggest",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
