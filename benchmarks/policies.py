"""The policy engine alone: matrices of growing clusters, one edit to a new matrix, one judged connection.

Prints one line a figure: `name value unit target`. `--growth` also measures a row of sizes and draws them into
build/policies-growth.svg. The comparison with a peer is in policies_peer.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from figures import SHORT, median
from policies_plot import plot
from policies_worlds import world

from helpers.policies import World, suggest

ROOT = Path(__file__).resolve().parent.parent
GROWTH = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def show(name: str, value: float, unit: str, target: str = "-") -> None:
    print(f"{name} {value:.4g} {unit} {target}", flush=True)


def measure_one(pods: int, policies: int, namespaces: int) -> dict[str, float]:
    """One cluster in this process: seconds from objects to the full matrix, peak memory in MB, classes of pods."""
    objects = world(pods, policies, namespaces, addresses=True)
    began = time.perf_counter()
    matrix = World.of(objects).matrix()
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "classes": len(matrix),
    }


def measured(pods: int, policies: int, namespaces: int) -> dict[str, float]:
    """The same in a fresh process, so that memory is this cluster's alone."""
    command = [sys.executable, __file__, "--one", str(pods), str(policies), str(namespaces)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def shop() -> list[Any]:
    """The shop with a least-privilege policy for every arrow."""
    manifest = ROOT / "helpers/boutique/manifests/hipster-shop.yaml"
    objects = list(yaml.load_all(manifest.read_text(), Loader=yaml.CSafeLoader))
    return [*objects, *suggest(objects).policies]


def edits() -> None:
    """One policy edited, as a widget does it at each keystroke."""
    for name, objects, rounds, target in (("shop", shop(), 50, "<5"), ("1000_pods", world(1000, 1000, 20), 9, "<50")):
        policies = [item for item in objects if item["kind"] == "NetworkPolicy"]
        changed = {**policies[-1], "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
        edit = partial(_edit, World.of(objects), [*policies[:-1], changed])
        show(f"policies_edit_to_matrix_{name}", median(edit, rounds) * 1e3, "ms", target)


def _edit(before: World, policies: list[Any]) -> object:
    return before.replace_policies(policies).matrix()


def judging() -> None:
    """What the gateway pays: a world at each change of an object, a verdict at each connection."""
    objects = shop()
    show("policies_world_of_shop", median(lambda: World.of(objects), 50) * 1e3, "ms", "<5")
    snapshot = World.of(objects)
    source, target = snapshot.pod("frontend"), snapshot.pod("shippingservice")
    ports = range(50000, 50500)  # each for the first time: a world remembers its verdicts
    show(
        "policies_judge_shop",
        median(lambda: [before.judge(source, target, port) for before in [World.of(objects)] for port in ports], 7)
        * 2e3,
        "µs",
        "<50",
    )
    show(
        "policies_judge_shop_again",
        median(lambda: [snapshot.judge(source, target, 50051) for _ in ports], 7) * 2e3,
        "µs",
        "-",
    )
    command = [
        sys.executable,
        "-c",
        "import time; t = time.perf_counter(); import helpers.policies; print(time.perf_counter() - t)",
    ]
    seconds = [
        float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout) for _ in range(5)
    ]
    show("policies_import", statistics.median(seconds) * 1e3, "ms", "<40")


def matrices() -> None:
    objects = world(400, 400, 5)
    show("policies_matrix_400_pods_400_policies", median(lambda: World.of(objects).matrix(), 7), "s", "<0.15")
    for name, pods, target_seconds, target_memory in (
        ("10000", 10_000, "<2", "<500"),
        ("100000", 100_000, "<15", "<2000"),
    )[: 1 if SHORT else 2]:
        found = measured(pods, 1_000, 50)
        show(f"policies_matrix_{name}_pods_1000_policies", found["seconds"], "s", target_seconds)
        show(f"policies_memory_{name}_pods_1000_policies", found["megabytes"], "MB", target_memory)


def growth() -> None:
    """A table and a plot of time and memory against pods, at 1,000 policies in 50 namespaces."""
    rows = [(pods, measured(pods, 1_000, 50)) for pods in GROWTH]
    print(f"{'pods':>8} {'classes':>8} {'seconds':>8} {'MB':>6}")
    for pods, found in rows:
        print(f"{pods:>8} {found['classes']:>8.0f} {found['seconds']:>8.2f} {found['megabytes']:>6.0f}")
    target = ROOT / "build" / "policies-growth.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(
        plot(
            "Matrix of 1,000 policies in 50 namespaces",
            [pods for pods, _ in rows],
            {
                "seconds": [found["seconds"] for _, found in rows],
                "memory, MB": [found["megabytes"] for _, found in rows],
                "classes of pods": [found["classes"] for _, found in rows],
            },
        )
    )
    print(f"drawn: {target}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=3, type=int, metavar=("PODS", "POLICIES", "NAMESPACES"))
    parser.add_argument("--growth", action="store_true", help="measure a row of sizes and draw them")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure_one(*options.one)))
        return 0
    judging()
    edits()
    matrices()
    if options.growth:
        growth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
