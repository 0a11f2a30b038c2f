"""A day of use, pressed into minutes."""

from __future__ import annotations

import pytest
from support.cluster import cluster
from support.day import BOUNDS, figures, measure
from support.recovery import recovered

SECONDS, SHARE = 180.0, 0.3


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_day_of_use_lets_nothing_grow() -> None:
    """Shoppers, policies that come and go, roll-outs, watches, strangers: memory, files, log and database stay."""
    with cluster(prefix="lab-day-") as own:
        day, looks = measure(own, SECONDS, SHARE)
        recovered(own)
    failed = {name: work.failed[:3] for name, work in day.works.items() if work.failed}
    assert not failed
    found = figures(looks)
    print(", ".join(f"{name.replace('_', ' ')} {value:.2f} {BOUNDS[name][1]}" for name, value in found.items()))
    assert all(value < BOUNDS[name][0] for name, value in found.items()), found
