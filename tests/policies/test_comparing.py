"""Comparing two worlds and finding redundant policies, checked by trying each connection."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.policies import Policy, World
from helpers.policies.application.comparing import compare
from helpers.policies.application.redundancy import redundant, removable
from helpers.policies.model import Peer, labels_of_namespace

from .worlds import policy, worlds

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def pairs(world: World, *others: World) -> dict[tuple[str, str], Any]:
    """Each pair with its ports, over the address families of this world and others together."""
    families = frozenset().union(*(one.matrix().families for one in (world, *others)))
    return {(line.source, line.target): line.spans for line in world.matrix("pod", families)}


def seen(world: World, policy_: Policy) -> bool:
    """Whether all that a policy is about is there: it selects pods, not all of a namespace, and admits such as are."""
    peers = [peer for rule in (*(policy_.ingress or ()), *(policy_.egress or ())) for peer in rule.peers]
    return (
        bool(policy_.pods.requirements)
        and any(policy_.selects(pod) for pod in world.pods)
        and all(peer.block is not None or means(world, policy_, peer) for peer in peers)
    )


def means(world: World, policy_: Policy, peer: Peer) -> bool:
    return any(
        peer.pods.matches(pod.labels)
        and not pod.host_network
        and (
            pod.namespace == policy_.namespace
            if peer.namespaces is None
            else peer.namespaces.matches(labels_of_namespace(pod.namespace, world.namespaces))
        )
        for pod in world.pods
    )


@QUICK
@given(worlds())
def test_a_policy_is_redundant_just_when_nothing_changes_without_it(objects: list[dict[str, Any]]) -> None:
    world = World.of(objects)
    named = {one.policy.key for one in redundant(world)}
    families = {family for pod in world.pods for family, _ in pod.parsed_addresses}
    for number, policy_ in enumerate(world.policies):
        without = world.with_policies(world.policies[:number] + world.policies[number + 1 :])
        same = pairs(without, world) == pairs(world, without)
        if policy_.key in named:
            assert same and seen(world, policy_), policy_.key
        elif len(families) < 2 and seen(world, policy_):
            assert not same, policy_.key


@QUICK
@given(worlds())
def test_removable_policies_may_go_together(objects: list[dict[str, Any]]) -> None:
    world = World.of(objects)
    gone = {one.policy.key for one in removable(world)}
    left = world.with_policies([one for one in world.policies if one.key not in gone])
    assert pairs(left, world) == pairs(world, left)


@QUICK
@given(worlds(), st.lists(policy(9), max_size=2))
def test_a_comparison_lists_just_the_pairs_that_differ(objects: list[dict[str, Any]], more: list[Any]) -> None:
    before = World.of(objects)
    after = World.of([*objects[1:], *more])
    old, new = pairs(before, after), pairs(after, before)
    found = {(change.source, change.target) for change in compare(before, after, "pod").changes}
    plain = {pair for pair in {**old, **new} if old.get(pair) != new.get(pair)}
    inside = {pair for pair in plain if "-" not in pair[0] + pair[1]}
    assert {pair for pair in found if "-" not in pair[0] + pair[1]} == inside
    if not more and len(objects) and objects[0]["kind"] == "Namespace":
        assert bool(found) == bool(plain)


@QUICK
@given(worlds())
def test_a_world_means_the_same_as_itself(objects: list[dict[str, Any]]) -> None:
    world = World.of(objects)
    assert compare(world, world).same
    assert compare(world, World.of(objects), "pod").same
