"""What a keystroke in the workbench costs in the kernel: findings, graph, matrix and everything else anew.

The way to the browser and back is measured in tests/browser/test_workbench.py.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = [{"kind": "Namespace", "metadata": {"name": name}} for name in ("default", "kube-system")]


class Fixed:
    """A cluster that is a list of objects."""

    def __init__(self, objects: list[Any]) -> None:
        self._objects = objects

    def objects(self) -> list[Any]:
        return self._objects

    def policies(self) -> list[Any]:
        return [item for item in self._objects if item["kind"] == "NetworkPolicy"]

    def owns(self) -> Any:
        return lambda policy: True

    def change(self, text: str, delete: Any) -> None: ...


def shop() -> list[Any]:
    """The shop with the whole ingress collection."""
    manifest = ROOT / "helpers/boutique/manifests/hipster-shop.yaml"
    files = sorted((ROOT / "notebooks/policies/ingress").glob("*-allow-*.yaml"))
    return [*SYSTEM, *yaml.safe_load_all(manifest.read_text()), *(yaml.safe_load(path.read_text()) for path in files)]


def large(pods: int = 200) -> list[Any]:
    """Workloads in eight namespaces, each with a Service, one that it calls, and a policy that lets its caller in."""
    return [*SYSTEM, *(make(number, pods) for make in (_deployment, _service, _policy) for number in range(pods))]


def _about(number: int) -> dict[str, str]:
    return {"name": f"s{number}", "namespace": f"n{number % 8}"}


def _deployment(number: int, pods: int) -> dict[str, Any]:
    called = number + 8 if number + 8 < pods else number % 8
    container = {
        "name": "server",
        "ports": [{"containerPort": 8000 + number % 7}],
        "env": [{"name": "NEXT_ADDR", "value": f"s{called}:80"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _about(number),
        "spec": {
            "template": {
                "metadata": {"labels": {"app": f"s{number}", "tier": str(number % 5)}},
                "spec": {"containers": [container]},
            }
        },
    }


def _service(number: int, pods: int) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": 8000 + number % 7}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _about(number),
        "spec": {"selector": {"app": f"s{number}"}, "ports": ports},
    }


def _policy(number: int, pods: int) -> dict[str, Any]:
    caller = number - 8 if number >= 8 else number + (pods - 1 - number) // 8 * 8
    peer = {"podSelector": {"matchLabels": {"app": f"s{caller}"}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _about(number),
        "spec": {
            "podSelector": {"matchLabels": {"app": f"s{number}"}},
            "ingress": [{"from": [peer], "ports": [{"port": 8000 + number % 7}]}],
        },
    }


def draw_anew(proposal: Any) -> str:
    """The graph, as for a keystroke that shows something never seen before: nothing is taken from a cache."""
    from helpers.display.widgets import live

    live.painted.cache_clear()
    return live.draw(proposal)


def keystrokes(objects: list[Any], count: int) -> list[float]:
    """Seconds from a keystroke's arrival to everything drawn, for keystrokes that each change the picture."""
    from helpers.display.widgets.bench import Bench
    from helpers.display.widgets.review import review
    from helpers.display.widgets.workbench import Workbench
    from helpers.display.widgets.worker import Worker

    worker = Worker()
    bench = Workbench(Bench(Fixed(objects)), draw_anew, review, worker)
    text = bench.editor.text
    spent = []
    for number in range(count):
        began = time.perf_counter()
        changed = text.replace("port: ", f"port: {number % 9 + 1}", 1)
        bench.editor._receive(None, {"type": "typed", **bench.editor.shown, "text": changed}, [])
        worker.drain(30)
        spent.append(time.perf_counter() - began)
    worker.close()
    return spent[2:]


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


def figures() -> Iterator[tuple[str, float, str, str]]:
    """(name, value, unit, target) of every figure."""
    for name, make, count, target in _CASES:
        spent = keystrokes(make(), count)
        yield f"workbench_keystroke_{name}_p50", 1000 * statistics.median(spent), "ms", ""
        yield f"workbench_keystroke_{name}_p95", 1000 * percentile(spent, 0.95), "ms", target


_CASES: tuple[tuple[str, Callable[[], list[Any]], int, str], ...] = (
    ("shop", shop, 60, "<80"),
    ("200_pods", large, 25, "<200"),
    ("1000_pods", lambda: large(1000), 12, "<500"),
)


def main() -> int:
    for name, value, unit, target in figures():
        print(f"{name} {value:.1f} {unit} {target or '-'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
