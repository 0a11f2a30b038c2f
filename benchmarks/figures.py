"""What the benchmarks share: how often they measure."""

import os

SHORT = bool(os.environ.get("BENCH_SHORT"))
"""Whether to measure just enough to see that everything still can be measured."""


def times(many: int, few: int = 1) -> int:
    """How often to do something: `many` times for a figure, `few` for a short run."""
    return few if SHORT else many
