"""A day of use in a few minutes: does anything grow?

    python benchmarks/day.py [MINUTES]          8 unless told

What a day brings is in tests/support/day.py; each count is reached, or the figure says how much of it. Memory, open
files, the log and the database are looked at all the while, and judged against bounds that stand beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.cluster import cluster
from support.day import BOUNDS, figures, measure
from support.recovery import recovered


def report(name: str, value: float, unit: str, target: str) -> None:
    print(f"{name:<34} {value:>10.2f} {unit:<8} {target}", flush=True)


def main() -> None:
    seconds = float(sys.argv[1]) * 60 if len(sys.argv) > 1 else 480.0
    with cluster(prefix="lab-day-") as own:
        day, looks = measure(own, seconds)
        recovered(own)
    for name, work in day.works.items():
        report(f"day.{name}", work.done, "count", str(work.times))
        if work.failed:
            print(f"{name}: {work.failed[:3]}", file=sys.stderr)
    report("day.failed", sum(len(work.failed) for work in day.works.values()), "count", "0")
    for name, value in figures(looks).items():
        report(f"day.{name}", value, BOUNDS[name][1], f"<{BOUNDS[name][0]:g}")


if __name__ == "__main__":
    main()
