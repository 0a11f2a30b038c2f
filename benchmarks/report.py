"""A report of 10,000 pods in 50 namespaces, whose 2,000 workloads call each other: the whole process.

Prints one line a figure: `name value unit target`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import SHORT

Object = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
NAMESPACES, WORKLOADS, REPLICAS = (5, 10, 3) if SHORT else (50, 40, 5)


def objects() -> list[Object]:
    """Namespaces of workloads, each of which calls the next; one in three is protected, one in a hundred wrongly."""
    spaces = [f"team{number}" for number in range(NAMESPACES)]
    made: list[Object] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in spaces]
    for place, (space, app) in enumerate((space, app) for space in spaces for app in range(WORKLOADS)):
        made += _workload(space, app, f"http://app{(app + 1) % WORKLOADS}:80")
        if place % 3 == 0:
            made.append(_policy(space, app, 80 if place % 99 == 0 else 8000 + app))
    return made


def _object(version: str, kind: str, space: str, name: str, **parts: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": space}, **parts}


def _workload(space: str, app: int, following: str) -> list[Object]:
    """A Deployment, its pods as a cluster has them, and its Service."""
    name, labels = f"app{app}", {"app": f"app{app}"}
    container = {
        "name": "main",
        "image": "example.org/app",
        "ports": [{"containerPort": 8000 + app}],
        "env": [{"name": "NEXT_URL", "value": following}],
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": template}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-5d8f", "controller": True}
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-5d8f-{number}",
                "namespace": space,
                "labels": {**labels, "pod-template-hash": "5d8f"},
                "ownerReferences": [owner],
            },
            "spec": {"containers": [container]},
            "status": {"phase": "Running"},
        }
        for number in range(REPLICAS)
    ]
    ports = [{"port": 80, "targetPort": 8000 + app}]
    return [
        _object("apps/v1", "Deployment", space, name, spec=spec),
        *pods,
        _object("v1", "Service", space, name, spec={"selector": labels, "ports": ports}),
    ]


def _policy(space: str, app: int, port: int) -> Object:
    caller = {"matchLabels": {"app": f"app{(app - 1) % WORKLOADS}"}}
    rule = {"from": [{"podSelector": caller}], "ports": [{"port": port}]}
    spec = {"podSelector": {"matchLabels": {"app": f"app{app}"}}, "ingress": [rule]}
    return _object("networking.k8s.io/v1", "NetworkPolicy", space, f"app{app}", spec=spec)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "world.json"), Path(folder, "report.html")
        source.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": objects()}), encoding="utf-8")
        began = time.perf_counter()
        command = [sys.executable, "-m", "helpers", "report", "-f", str(source), "-o", str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        taken = time.perf_counter() - began
        assert done.returncode == 1, done.stderr[-2000:]
        size = f"{NAMESPACES * WORKLOADS * REPLICAS}x{NAMESPACES}"
        print(f"report-{size} {taken:.2f} s 10")
        print(f"report-{size}-memory {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB 500")
        print(f"report-{size}-page {out.stat().st_size / 1000:.0f} kB 5000")


if __name__ == "__main__":
    main()
