"""Every benchmark still measures: each is run in a short form, and prints figures that can be right."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
SCRIPTS = sorted(
    path.stem
    for path in BENCHMARKS.glob("*.py")
    if path.name != "__main__.py" and '__name__ == "__main__"' in path.read_text()
)
LONG = {"day", "load", "policies_peer", "strangers", "tour"}
"""Those that only measure at length; `make tour` and the tests of the peer run the same code."""

FIGURE = re.compile(r"^(\S+) (-?[\d.e+-]+) (\S+)(?: (.+))?$")
LEAST = {"s": 1e-4, "ms": 1e-2, "µs": 1e-2, "MB": 1.0}
"""Less than this no figure of that unit can be: what it was to measure did not happen."""


def test_there_are_benchmarks() -> None:
    assert len(SCRIPTS) >= 10 and set(SCRIPTS) >= LONG


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in LONG])
def test_a_benchmark_prints_figures_that_can_be_right(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "BENCH_SHORT": "1"},
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [found for line in done.stdout.splitlines() if (found := FIGURE.match(line))]
    assert figures, done.stdout
    for figure in figures:
        value, unit = float(figure[2]), figure[3]
        assert math.isfinite(value) and abs(value) >= LEAST.get(unit, 0.0), figure[0]
        assert value > 0 or unit in ("s", "ms"), figure[0]
