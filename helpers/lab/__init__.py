"""What a notebook does with any cluster: connect, deploy, look, probe, restart, check.

    from helpers import lab, display; lab.start()

Everything goes through the Kubernetes API, so the same calls work on the lab's own cluster and on a real one.
The names below are loaded when they are first used; errors are `LabError` with one sentence each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpers.lab.errors import load

if TYPE_CHECKING:
    from helpers.lab.cluster.api import Cluster
    from helpers.lab.cluster.belonging import namespace
    from helpers.lab.cluster.enforcement import prove_enforcement
    from helpers.lab.cluster.looking import architecture, flows, matrix, objects, world
    from helpers.lab.cluster.plugin import plugin
    from helpers.lab.cluster.probing import Probe, probe, probes
    from helpers.lab.cluster.session import client, connect, current
    from helpers.lab.course.advice import lint, suggest
    from helpers.lab.course.board import hand_down, hand_up, join_board, leave_board
    from helpers.lab.course.catching_up import catch_up
    from helpers.lab.course.certificate import certificate
    from helpers.lab.course.changes import apply, delete_policies, reset
    from helpers.lab.course.checks import check, progress, solution
    from helpers.lab.course.exam import exam
    from helpers.lab.course.starting import start
    from helpers.lab.diagnosis.examination import examine as doctor
    from helpers.lab.errors import LabError
    from helpers.lab.manifests import application
    from helpers.lab.rehearsal.rehearsing import rehearse
    from helpers.lab.shop.ordering import order
    from helpers.lab.shop.pages import Page, page
    from helpers.lab.shop.rollout import deploy, restart

_HOMES = {
    "lint": "course.advice",
    "suggest": "course.advice",
    "order": "shop.ordering",
    "Cluster": "cluster.api",
    "LabError": "errors",
    "Page": "shop.pages",
    "Probe": "cluster.probing",
    "application": "manifests",
    "apply": "course.changes",
    "architecture": "cluster.looking",
    "catch_up": "course.catching_up",
    "certificate": "course.certificate",
    "check": "course.checks",
    "client": "cluster.session",
    "connect": "cluster.session",
    "current": "cluster.session",
    "delete_policies": "course.changes",
    "deploy": "shop.rollout",
    "exam": "course.exam",
    "doctor": "diagnosis.examination",
    "flows": "cluster.looking",
    "hand_down": "course.board",
    "hand_up": "course.board",
    "join_board": "course.board",
    "leave_board": "course.board",
    "matrix": "cluster.looking",
    "namespace": "cluster.belonging",
    "objects": "cluster.looking",
    "page": "shop.pages",
    "plugin": "cluster.plugin",
    "probe": "cluster.probing",
    "probes": "cluster.probing",
    "progress": "course.checks",
    "prove_enforcement": "cluster.enforcement",
    "rehearse": "rehearsal.rehearsing",
    "reset": "course.changes",
    "restart": "shop.rollout",
    "solution": "course.checks",
    "start": "course.starting",
    "world": "cluster.looking",
}

_OTHERWISE = {"doctor": "examine"}
"""Names that a function has in its own module."""

__all__ = [
    "Cluster",
    "LabError",
    "Page",
    "Probe",
    "application",
    "apply",
    "architecture",
    "catch_up",
    "certificate",
    "check",
    "client",
    "connect",
    "current",
    "delete_policies",
    "deploy",
    "doctor",
    "exam",
    "flows",
    "hand_down",
    "hand_up",
    "join_board",
    "leave_board",
    "lint",
    "matrix",
    "namespace",
    "objects",
    "order",
    "page",
    "plugin",
    "probe",
    "probes",
    "progress",
    "prove_enforcement",
    "rehearse",
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
    value = getattr(load(f"{__name__}.{_HOMES[name]}"), _OTHERWISE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
