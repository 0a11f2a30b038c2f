"""Small worlds that once were answered wrongly, kept as they were shrunk."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import World, default, suggest, validate

from .build import deployment, namespace, pod, policy, rule
from .test_properties import compare_with_reference

ALONE = [namespace("default")]


@pytest.mark.parametrize(
    "objects",
    [
        [*ALONE, pod("pod0")],
        [*ALONE, pod("pod0", ip="fd00::1")],
        [*ALONE, pod("pod0", ip="fd00::1"), pod("pod1")],
        [*ALONE, pod("pod0"), policy(egress=[rule({"ipBlock": {"cidr": "::/0"}}, side="to")])],
        [
            *ALONE,
            pod("pod0", ip=("10.0.0.1", "fd00::1")),
            pod("pod1", ip=("10.0.0.2", "fd00::2")),
            policy(
                egress=[rule({"ipBlock": {"cidr": "fd00::/16"}}, side="to")],
                ingress=[rule({"ipBlock": {"cidr": "10.0.0.0/8"}})],
            ),
        ],
        [
            *ALONE,
            pod("pod0", host=True, node="n1", ip="10.0.0.1"),
            pod("pod1", node="n1", ip="10.0.0.2"),
            policy(policyTypes=["Ingress"]),
        ],
    ],
    ids=["no address", "only IPv6", "IPv6 and no address", "no address, IPv6 block", "a family each", "its node"],
)
def test_addresses_and_families(objects: list[Any]) -> None:
    compare_with_reference(objects)


def test_a_null_port_is_a_port_entry_without_limits() -> None:
    item = policy(ingress=[{"ports": [None]}])
    assert validate(item) == [] and default(item)["spec"]["ingress"] == [{"ports": [{"protocol": "TCP"}]}]


def test_a_null_key_of_an_expression_is_an_empty_one() -> None:
    errors = validate(policy(selects={"matchExpressions": [{"key": None, "operator": "Exists"}]}))
    assert errors and errors[0].field.endswith("key")


@pytest.mark.parametrize("field", ["phase", "podIP", "hostIP"])
def test_a_status_of_the_wrong_type_is_a_problem(field: str) -> None:
    item = pod("a")
    item["status"][field] = ["x"]
    assert [str(one) for one in World.of([item]).problems] == [f"Pod a: status.{field} must be a string, not a list"]


def test_a_flow_of_the_wrong_type_is_left_out() -> None:
    assert suggest([pod("a")], [{"verdict": ["allowed"]}], declarations=False).arrows == ()  # type: ignore[list-item]


def test_the_later_of_two_objects_with_one_name_counts() -> None:
    world = World.of([deployment("a"), pod("b"), policy("p", "b", ingress=[]), policy("p", "b", ingress=[{}])])
    assert len(world.policies) == 1 and world.judge("a", "b", 80)
    assert [one.minor for one in world.problems] == [True] and "twice" in str(world.problems[0])


def test_policies_of_other_kinds_are_told() -> None:
    world = World.of(
        [
            {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": {"name": "x"}},
            {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "y"}},
        ]
    )
    assert [(one.kind, one.count, one.overturns) for one in world.unread] == [
        ("NetworkPolicy", 1, True),
        ("CiliumNetworkPolicy", 1, True),
    ]
    assert repr(world) == "<World of 0 pods in 0 namespaces under 0 policies>"
