"""What a notebook does with any cluster: connect, deploy, look, probe, restart, check.

    from helpers import lab, display; lab.start()

Everything goes through the Kubernetes API, so the same calls work on the lab's own cluster and on a real one.
The names below are loaded when they are first used; errors are `LabError` with one sentence each.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.lab.advice import lint, suggest
    from helpers.lab.changes import apply, delete_policies, reset
    from helpers.lab.checks import check, progress, solution
    from helpers.lab.cluster import Cluster
    from helpers.lab.enforcement import prove_enforcement
    from helpers.lab.errors import LabError
    from helpers.lab.examination import examine as doctor
    from helpers.lab.looking import architecture, flows, matrix, objects, world
    from helpers.lab.ordering import order
    from helpers.lab.probing import Probe, probe, probes
    from helpers.lab.rollout import deploy, restart
    from helpers.lab.session import client, connect, current, start
    from helpers.lab.shop import Page, page

_HOMES = {
    "lint": "advice",
    "suggest": "advice",
    "order": "ordering",
    "Cluster": "cluster",
    "LabError": "errors",
    "Page": "shop",
    "Probe": "probing",
    "apply": "changes",
    "architecture": "looking",
    "check": "checks",
    "client": "session",
    "connect": "session",
    "current": "session",
    "delete_policies": "changes",
    "deploy": "rollout",
    "doctor": "examination",
    "flows": "looking",
    "matrix": "looking",
    "objects": "looking",
    "page": "shop",
    "probe": "probing",
    "probes": "probing",
    "progress": "checks",
    "prove_enforcement": "enforcement",
    "reset": "changes",
    "restart": "rollout",
    "solution": "checks",
    "start": "session",
    "world": "looking",
}

_OTHERWISE = {"doctor": "examine"}
"""Names that a function has in its own module."""

__all__ = [
    "Cluster",
    "LabError",
    "Page",
    "Probe",
    "apply",
    "architecture",
    "check",
    "client",
    "connect",
    "current",
    "delete_policies",
    "deploy",
    "doctor",
    "flows",
    "lint",
    "matrix",
    "objects",
    "order",
    "page",
    "probe",
    "probes",
    "progress",
    "prove_enforcement",
    "reset",
    "restart",
    "solution",
    "start",
    "suggest",
    "world",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), _OTHERWISE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
