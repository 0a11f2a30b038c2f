"""What the benchmarks share: how often they measure, and the median of it."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

SHORT = bool(os.environ.get("BENCH_SHORT"))
"""Whether to measure just enough to see that everything still can be measured."""


def times(many: int, few: int = 1) -> int:
    """How often to do something: `many` times for a figure, `few` for a short run."""
    return few if SHORT else many


def median(work: Callable[[], Any], rounds: int) -> float:
    """Median seconds of some runs, after one that doesn't count."""
    work()
    taken = []
    for _ in range(times(rounds)):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
