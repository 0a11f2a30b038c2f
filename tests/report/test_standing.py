"""Folded figures are those that counting one call after the other gives."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Reach
from helpers.policies.reporting.standing import folded, group_of, standings

APPLICATIONS = sorted((Path(__file__).parent / "applications").glob("*.yaml"))


@pytest.mark.parametrize("file", APPLICATIONS, ids=lambda file: file.stem)
def test_figures_are_those_of_the_calls(file: Path) -> None:
    world = World.of(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    reach = Reach.of(world, needs(world))
    idle = [call for call in reach.calls if call not in reach.stage.needed]
    kept = [call for call in reach.stage.needed if call in reach]
    cut = set(reach.broken)
    by_pair = folded(reach)
    for counted, calls in (("open", idle), ("needed", kept), ("cut", cut)):
        pairs = Counter((group_of(call.source), group_of(call.target)) for call in calls)
        assert {pair: getattr(one, counted) for pair, one in by_pair.items() if getattr(one, counted)} == dict(pairs)
        into, out = Counter(call.target for call in calls), Counter(call.source for call in calls)
        for one in standings(reach):
            assert getattr(one.calls_in, counted) == into[one.key]
            assert getattr(one.calls_out, counted) == out[one.key]
