"""Random worlds: the engine, one connection at a time and as a matrix, says what the plain reading says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.policies import World
from helpers.policies.matrix.matrix import Matrix

from . import reference
from .worlds import OUTSIDE, PROBES, policy, worlds

QUICK = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(QUICK, max_examples=int(os.environ.get("POLICY_WORLDS", "20000")))


def ends(objects: list[dict[str, Any]]) -> list[str]:
    return [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in objects if item["kind"] == "Pod"]


def compare_with_reference(objects: list[dict[str, Any]]) -> None:
    world = World.of(objects)
    assert not world.problems
    matrix = world.matrix(by="pod")
    pods = ends(objects)
    outside = OUTSIDE[len(objects) % 3 :: 3]
    for number, source in enumerate([*pods, *outside]):
        for other, target in enumerate([*pods, *outside]):
            if "/" not in source and "/" not in target:
                continue
            protocol, port = PROBES[(number * 7 + other * 3 + len(objects)) % len(PROBES)]
            probes = PROBES[(number + other) % 4 :: 4] if "/" in target else ((protocol, port),)
            for protocol, port in probes:
                expected = reference.allowed(objects, source, target, port, protocol)
                where = (source, target, port, protocol)
                assert world.judge(source, target, port, protocol).allowed is expected, where
                if knows(matrix, source) and knows(matrix, target):
                    assert matrix.allows(source, target, port, protocol) is expected, where


def knows(matrix: Matrix, end: str) -> bool:
    """A matrix leaves out an address family that no pod has and no policy mentions."""
    family = 6 if ":" in end else 4
    return "/" in end or any(ranges[0][0] == family for ranges in matrix.classes.outside)


@pytest.mark.timeout(600)
@QUICK
@given(worlds())
def test_engine_equals_the_plain_reading(objects: list[dict[str, Any]]) -> None:
    compare_with_reference(objects)


@pytest.mark.long
@pytest.mark.timeout(7200)
@MANY
@given(worlds())
def test_engine_equals_the_plain_reading_in_many_worlds(objects: list[dict[str, Any]]) -> None:
    compare_with_reference(objects)


@pytest.mark.timeout(600)
@settings(QUICK, max_examples=150)
@given(worlds(), st.lists(st.lists(policy(), max_size=4), min_size=1, max_size=3))
def test_edits_one_after_the_other_mean_what_fresh_worlds_mean(objects: list[dict[str, Any]], edits: list[Any]) -> None:
    pods = [item for item in objects if item["kind"] != "NetworkPolicy"]
    world = World.of(objects)
    world.matrix()
    for number, changed in enumerate(edits):
        named = [
            {**item, "metadata": {**item["metadata"], "name": f"e{number}-{one}"}} for one, item in enumerate(changed)
        ]
        policies = [*(item for item in objects[number:] if item["kind"] == "NetworkPolicy"), *named]
        world = world.replace_policies(policies)
        assert str(world.matrix("pod")) == str(World.of([*pods, *policies]).matrix("pod"))
