"""What a learner waits for: the set-up cell, a page, a probe, a picture. Prints `name value unit target`.

Run as `python benchmarks/lab.py`. The cluster lives in a temporary LAB_HOME and is gone afterwards.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from figures import times

ROOT = Path(__file__).resolve().parents[1]
STARTS, CALLS, PICTURES = times(5), times(11), times(15)

# A kernel's first cell, timed from the start of its process: the interpreter, IPython and the cell itself.
FIRST_CELL = (
    "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance(); "
    "shell.run_cell('from helpers import lab, display; lab.start()').raise_error()"
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        os.environ |= {"LAB_HOME": directory}
        os.environ.pop("LAB_CONTEXT", None)
        try:
            measure_import()
            measure_first_cell()
            helpers("up")
            measure_calls()
        finally:
            helpers("down")
    measure_pictures()


def measure_import() -> None:
    bare = median(lambda: python("pass"))
    report("lab_import", max(0.0, median(lambda: python("import helpers.lab")) - bare), "s", "<0.3")


def measure_first_cell() -> None:
    def cold() -> float:
        helpers("down")
        return python(FIRST_CELL)

    report("lab_first_cell_cluster_stopped", median(cold, STARTS), "s", "<5")
    report("lab_first_cell_cluster_running", median(lambda: python(FIRST_CELL), STARTS), "s", "<5")


def measure_calls() -> None:
    report("page_command", median(lambda: timed(lambda: helpers("page", "/cart"))), "s", "<0.4")
    from helpers import lab

    lab.connect()
    report("page_in_kernel", median(lambda: timed(lambda: lab.page("/cart"))), "s", "<0.1")
    report("probe_connected", median(lambda: timed(lambda: lab.probe("frontend", "adservice:9555"))), "s", "<0.3")
    report("restart_frontend", median(lambda: timed(lambda: lab.restart("frontend")), 3), "s", "<2")
    from helpers import display

    report("graph_live", median(lambda: timed(lambda: display.graph().svg())), "s", "<0.3")
    lab.current().close()


def measure_pictures() -> None:
    """From objects to SVG; the layout of the same workloads is kept, as while a policy is being edited."""
    from helpers import display

    titles = map(str, itertools.count())  # a picture that was drawn before would only be looked up

    for name, objects, target in (
        ("shop", shop(), "<0.1"),
        ("200_pods", large(50, 4), "<1"),
        ("200_workloads", large(200, 1), "<1"),
    ):

        def drawn(objects: list[dict[str, Any]] = objects) -> float:
            return timed(lambda: display.graph(objects=objects, title=next(titles)).svg())

        report(f"graph_{name}_first", drawn(), "s", "<0.3")
        report(f"graph_{name}", median(drawn, PICTURES), "s", target)


def shop() -> list[dict[str, Any]]:
    import yaml

    policies = ROOT / "notebooks/policies/ingress"
    files = [ROOT / "helpers/boutique/manifests/hipster-shop.yaml", *policies.glob("*.yaml")]
    return [item for file in files for item in yaml.safe_load_all(file.read_text()) if item]


def large(workloads: int, replicas: int) -> list[dict[str, Any]]:
    """So many workloads in four namespaces, each calling two others; every other one guarded by a policy."""
    names = [(f"team-{number % 4}", f"service-{number:03}") for number in range(workloads)]
    found: list[dict[str, Any]] = []
    for number, (namespace, name) in enumerate(names):
        called = [names[(number + step) % workloads] for step in (3, 7) if number + step < workloads]
        found += workload(namespace, name, called, replicas)
        if number % 2:
            callers = [
                {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": names[number - step][1]}}}
                for step in (3, 7)
                if number >= step
            ]
            found.append(
                {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "NetworkPolicy",
                    "metadata": {"name": name, "namespace": namespace, "resourceVersion": str(number)},
                    "spec": {"podSelector": {"matchLabels": {"app": name}}, "ingress": [{"from": callers}]},
                }
            )
    return found


def workload(namespace: str, name: str, called: list[tuple[str, str]], replicas: int) -> list[dict[str, Any]]:
    about = {"name": name, "namespace": namespace}
    variables = [
        {"name": f"X{place}_ADDR", "value": f"{other}.{where}:80"} for place, (where, other) in enumerate(called)
    ]
    container = {"name": "c", "env": variables, "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": {"containers": [container]},
            "status": {"phase": "Running"},
            "metadata": {
                "name": f"{name}-0-{number}",
                "namespace": namespace,
                "labels": {"app": name},
                "ownerReferences": [{"kind": "Deployment", "name": name, "controller": True}],
            },
        }
        for number in range(replicas)
    ]
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": about,
            "spec": {"replicas": replicas, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": about,
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        *pods,
    ]


def helpers(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "helpers", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.startswith("{") else {}


def python(code: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True))


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median(measure: Callable[[], float], rounds: int = CALLS) -> float:
    return statistics.median(measure() for _ in range(rounds))


def report(name: str, value: float, unit: str, target: str) -> None:
    print(f"{name} {value:.3f} {unit} {target}", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
