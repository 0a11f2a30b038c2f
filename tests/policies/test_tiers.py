"""Tiers, order and actions: the verdict on one connection and the matrix are the same ordered fold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.policies import World
from helpers.policies.model import NETWORK_POLICIES, Action, Peer, Policy, PortRule, Rule, Tier
from helpers.policies.model.addresses import parse_block
from helpers.policies.model.selectors import EVERYTHING, Selector
from policies.build import namespace, pod

ADMIN = Tier(1_000, "admin", Action.PASS)
OWN = Tier(2_000, "own", Action.DENY)
BASELINE = Tier(10_000_000, "baseline", Action.PASS)

OBJECTS = [
    namespace("x", team="red"),
    namespace("y", team="blue"),
    pod("a", "x", ip="10.0.0.1", ports=[("web", 80), ("dns", 53, "UDP")]),
    pod("b", "x", ip="10.0.0.2", ports=[("web", 81)]),
    pod("c", "y", ip="10.0.0.3"),
    pod("h", "y", ip="172.20.0.2", host=True),
]
ENDS = ("x/a", "x/b", "y/c", "y/h", "8.8.8.8", "10.0.0.9")
PORTS = ((80, "TCP"), (81, "TCP"), (53, "UDP"), (53, "TCP"))


def label(key: str, *values: str) -> Selector:
    return Selector(((key, "In", frozenset(values)),))


def everywhere(
    name: str,
    tier: Tier,
    *rules: Rule,
    order: float = 1000,
    pods: Selector = EVERYTHING,
    namespaces: Selector = EVERYTHING,
) -> Policy:
    """A policy of the whole cluster that speaks of what comes in."""
    return Policy(None, name, pods, rules, None, namespaces=namespaces, tier=tier, order=order)


def rule(action: Action, *peers: Peer, ports: tuple[PortRule, ...] = ()) -> Rule:
    return Rule("spec.ingress[0]", peers, ports, action)


def world(*policies: Policy) -> World:
    return World.of(OBJECTS).with_policies(policies)


def allowed(*policies: Policy, source: str = "y/c") -> bool:
    return bool(world(*policies).judge(source, "x/a", 80))


CLOSED = Policy("x", "closed", EVERYTHING, (), None)
FROM_Y = Peer(namespaces=label("team", "blue"))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([everywhere("deny", ADMIN, rule(Action.DENY))], False),
        ([everywhere("allow", ADMIN, rule(Action.ALLOW)), CLOSED], True),
        (
            [
                everywhere("pass", ADMIN, rule(Action.PASS), order=1),
                everywhere("deny", ADMIN, rule(Action.DENY), order=2),
            ],
            True,
        ),
        ([everywhere("pass", ADMIN, rule(Action.PASS)), CLOSED], False),
        (
            [
                everywhere("late", ADMIN, rule(Action.DENY), order=2),
                everywhere("early", ADMIN, rule(Action.ALLOW), order=1),
            ],
            True,
        ),
        ([everywhere("own", OWN)], False),
        ([everywhere("own", OWN, rule(Action.PASS))], True),
        ([everywhere("other", OWN, pods=label("app", "b"))], True),
        ([everywhere("elsewhere", OWN, namespaces=label("team", "blue"))], True),
        ([everywhere("base", BASELINE, rule(Action.DENY))], False),
        (
            [
                everywhere("base", BASELINE, rule(Action.DENY)),
                Policy("x", "open", EVERYTHING, (Rule("spec.ingress[0]"),), None),
            ],
            True,
        ),
        ([everywhere("not-y", ADMIN, rule(Action.DENY, FROM_Y))], False),
    ],
    ids=[
        "deny",
        "allow-skips-the-rest",
        "pass-leaves-the-tier",
        "pass-to-network-policies",
        "order",
        "default-deny",
        "pass-past-a-default",
        "nobody-selected",
        "other-namespace",
        "baseline",
        "baseline-never-reached",
        "peer",
    ],
)
def test_the_first_rule_that_fits_decides(policies: list[Policy], expected: bool) -> None:
    assert allowed(*policies) is expected


def test_a_verdict_names_the_rule_that_stops_it() -> None:
    verdict = world(everywhere("no-y", ADMIN, rule(Action.DENY, FROM_Y))).explain("y/c", "x/a", 80)
    assert verdict.ingress.rule is not None and verdict.ingress.rule.policy == "no-y"
    assert verdict.sentence == "y/c → x/a TCP 80 is denied: no-y spec.ingress[0] stops it."
    assert verdict.policies == ("no-y",) and verdict.as_dict()["ingress"]["rule"] == "no-y spec.ingress[0]"


def test_a_tier_that_only_passes_isolates_nobody() -> None:
    verdict = world(everywhere("quiet", ADMIN, rule(Action.PASS))).judge("y/c", "x/a", 80)
    assert verdict.allowed and not verdict.ingress.isolated
    assert world(CLOSED).judge("y/c", "x/a", 80).ingress.isolated


peers = st.sampled_from(
    (
        FROM_Y,
        Peer(namespaces=EVERYTHING),
        Peer(label("app", "a", "b"), EVERYTHING),
        Peer(block=parse_block("10.0.0.0/30", ())),
        Peer(block=parse_block("0.0.0.0/0", ("10.0.0.0/8",))),
    )
)
ports = st.sampled_from(
    (
        PortRule("TCP", 80, 80),
        PortRule("TCP", 80, 81),
        PortRule("UDP"),
        PortRule("TCP", name="web"),
        PortRule("UDP", name="dns"),
    )
)
rules = st.lists(
    st.builds(
        Rule,
        st.just("spec.ingress[0]"),
        st.lists(peers, max_size=2).map(tuple),
        st.lists(ports, max_size=2).map(tuple),
        st.sampled_from(Action),
    ),
    max_size=3,
).map(tuple)
own_rules = st.lists(
    st.builds(
        Rule, st.just("spec.ingress[0]"), st.lists(peers, max_size=2).map(tuple), st.lists(ports, max_size=2).map(tuple)
    ),
    max_size=2,
).map(tuple)
selectors = st.sampled_from((EVERYTHING, label("app", "a"), label("app", "b", "c")))


@st.composite
def policies(draw: st.DrawFn, number: int) -> Policy:
    tier = draw(st.sampled_from((ADMIN, OWN, NETWORK_POLICIES, BASELINE)))
    plain = tier is NETWORK_POLICIES
    sections = [draw(own_rules if plain else rules), draw(st.none() | (own_rules if plain else rules))]
    if draw(st.booleans()):
        sections.reverse()
    return Policy(
        draw(st.sampled_from(("x", "y"))) if plain else None,
        f"p{number}",
        draw(selectors),
        *sections,
        namespaces=draw(st.sampled_from((EVERYTHING, label("team", "red")))),
        tier=tier,
        order=1000 if plain else draw(st.sampled_from((1, 2, 3))),
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_matrix_is_the_verdicts_under_any_tiers(data: Any) -> None:
    chosen = [data.draw(policies(number)) for number in range(data.draw(st.integers(1, 5)))]
    tiered = world(*chosen)
    matrix = tiered.matrix("pod")
    for source in ENDS:
        for target in ENDS[:4]:
            for port, protocol in PORTS:
                assert (
                    matrix.allows(source, target, port, protocol)
                    is tiered.judge(source, target, port, protocol).allowed
                )
