"""The checklist of what a NetworkPolicy means, one test a line; the numbers are the checklist's."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import World

from . import reference
from .build import app, container_port, deployment, namespace, pod, pods, policy, rule, service, spaces

A, B, C = pod("a", ip="10.0.0.1", ports=[80]), pod("b", ip="10.0.0.2", ports=[80, ("web", 8080)]), pod("c", "other")


def can(source: str, target: str, port: int = 80, protocol: str = "TCP", *, objects: list[Any]) -> bool:
    """The engine's answer; one connection, the matrix and the plain reading must agree."""
    world = World.of(objects)
    assert not world.problems
    allowed = world.judge(source, target, port, protocol).allowed
    live = {f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in objects if one["kind"] == "Pod"}
    names = [f"default/{end}" if f"default/{end}" in live else end for end in (source, target)]
    if all(name in live or "/" not in name for name in names):
        assert reference.allowed(objects, names[0], names[1], port, protocol) is allowed
    if all(name in live for name in names):
        assert world.matrix("pod").allows(names[0], names[1], port, protocol) is allowed
    return allowed


def shop(*policies: Any) -> list[Any]:
    return [A, B, C, namespace("default"), namespace("other", team="red"), *policies]


def test_01_an_unselected_pod_is_not_isolated() -> None:
    assert can("a", "b", objects=shop(policy(selects="a", ingress=[])))


def test_02_policy_types_default_to_ingress_and_egress_only_with_egress_rules() -> None:
    assert not can("a", "b", objects=shop(policy(selects="b")))
    assert can("b", "a", objects=shop(policy(selects="b")))
    assert can("b", "a", objects=shop(policy(selects="b", policyTypes=[], egress=[])))
    assert not can("b", "a", objects=shop(policy(selects="b", egress=[rule(pods("c"), side="to")])))
    assert not can("a", "b", objects=shop(policy(selects="b", policyTypes=None, egress=[rule(side="to")])))


def test_03_an_ingress_section_without_its_type_is_ignored() -> None:
    objects = shop(policy(selects="b", policyTypes=["Egress"], ingress=[rule(pods("nobody"))]))
    assert can("a", "b", objects=objects)
    assert not can("b", "a", objects=objects)


def test_04_the_directions_are_independent() -> None:
    objects = shop(policy(selects="b", policyTypes=["Ingress"]))
    assert can("b", "a", objects=objects) and not can("a", "b", objects=objects)


@pytest.mark.parametrize("section", [{"ingress": []}, {"ingress": None}, {}])
def test_05_no_rules_deny_all(section: Any) -> None:
    assert not can("a", "b", objects=shop(policy(selects="b", policyTypes=["Ingress"], **section)))


def test_05_an_empty_rule_allows_all() -> None:
    objects = shop(policy(selects="b", ingress=[{}]))
    assert all(can(source, "b", objects=objects) for source in ("a", "other/c", "8.8.8.8"))


@pytest.mark.parametrize("given", [{}, {"from": None, "ports": None}, {"from": [], "ports": []}, None])
def test_06_missing_or_empty_lists_put_no_limit(given: Any) -> None:
    assert can("8.8.8.8", "b", 9, "SCTP", objects=shop(policy(selects="b", ingress=[given])))


def test_07_policies_are_a_union_in_any_order() -> None:
    two = [policy("deny", "b", ingress=[]), policy("allow", "b", ingress=[rule(pods("a"))])]
    assert can("a", "b", objects=shop(*two)) and can("a", "b", objects=shop(*two[::-1]))


def test_08_both_ends_must_allow() -> None:
    out = policy("out", "a", egress=[rule(pods("b"), side="to")])
    assert can("a", "b", objects=shop(out))
    assert not can("a", "b", objects=shop(out, policy("in", "b", ingress=[])))
    assert not can("a", "b", objects=shop(policy("out", "a", policyTypes=["Egress"]), policy("in", "b", ingress=[{}])))


def test_09_peers_and_ports_are_anded_items_are_ored() -> None:
    objects = shop(policy(selects="b", ingress=[rule(pods("x"), pods("a"), ports=[1, 80])]))
    assert can("a", "b", 80, objects=objects) and can("a", "b", 1, objects=objects)
    assert not can("a", "b", 2, objects=objects) and not can("other/c", "b", 80, objects=objects)


@pytest.mark.parametrize("selector", [{"podSelector": {}}, {"podSelector": None}, {}])
def test_10_an_empty_or_missing_pod_selector_selects_the_namespace(selector: Any) -> None:
    item = policy()
    item["spec"] = selector
    assert not can("a", "b", objects=shop(item)) and can("a", "other/c", objects=shop(item))


def test_11_a_pod_selector_alone_means_the_policys_namespace() -> None:
    both = [pod("c"), *shop(policy(selects="b", ingress=[rule(pods("c"))]))]
    assert can("default/c", "b", objects=both) and not can("other/c", "b", objects=both)


def test_12_a_namespace_selector_alone_means_all_its_pods() -> None:
    objects = shop(policy(selects="b", ingress=[rule(spaces("other"))]))
    assert can("other/c", "b", objects=objects) and not can("a", "b", objects=objects)


def test_13_both_in_one_item_are_anded_in_two_ored() -> None:
    one = shop(pod("d", "other"), policy(selects="b", ingress=[rule({**spaces("other"), **pods("c")})]))
    two = shop(pod("d", "other"), policy(selects="b", ingress=[rule(spaces("other"), pods("a"))]))
    assert can("other/c", "b", objects=one) and not can("other/d", "b", objects=one)
    assert can("other/d", "b", objects=two) and can("a", "b", objects=two)


def test_14_empty_selectors_mean_pods_never_addresses() -> None:
    near = shop(policy(selects="b", ingress=[rule({"podSelector": {}})]))
    far = shop(policy(selects="b", ingress=[rule({"namespaceSelector": {}})]))
    assert can("a", "b", objects=near) and not can("other/c", "b", objects=near)
    assert can("a", "b", objects=far) and can("other/c", "b", objects=far)
    assert not can("8.8.8.8", "b", objects=near) and not can("8.8.8.8", "b", objects=far)


def test_15_a_null_selector_is_absent() -> None:
    objects = shop(policy(selects="b", ingress=[rule({"podSelector": None, **spaces("other")})]))
    assert can("other/c", "b", objects=objects)
    assert World.of([policy(selects="b", ingress=[rule({"podSelector": None})])]).problems


def test_16_labels_and_expressions_are_anded() -> None:
    both = {"matchLabels": {"app": "b"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert can("a", "b", objects=shop(policy(selects=both)))
    tiered = pod("b", labels={"app": "b", "tier": "x"})
    assert not can("a", "b", objects=[A, tiered, policy(selects=both)])


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [("NotIn", ["x"], True), ("DoesNotExist", None, True), ("In", ["x"], False), ("Exists", None, False)],
)
def test_17_operators_on_a_missing_key(operator: str, values: Any, selected: bool) -> None:
    expression = {"key": "tier", "operator": operator, **({"values": values} if values else {})}
    assert can("a", "b", objects=shop(policy(selects={"matchExpressions": [expression]}))) is not selected


def test_18_an_empty_value_needs_the_key() -> None:
    item = policy(selects={"matchLabels": {"tier": ""}})
    assert can("a", "b", objects=shop(item))
    assert not can("a", "b", objects=[A, pod("b", labels={"tier": ""}), item])


def test_19_every_namespace_carries_its_name() -> None:
    objects = [A, C, policy(selects="a", ingress=[rule(spaces("other"))])]
    assert can("other/c", "a", objects=objects)


def test_20_a_policy_selects_only_in_its_namespace() -> None:
    assert can("a", "b", objects=shop(policy(selects="b", space="other")))


def test_21_labels_are_judged_as_they_are_now() -> None:
    item = policy(selects="b", ingress=[rule(pods("a"))])
    assert can("a", "b", objects=shop(item))
    assert not can("a", "b", objects=[pod("a", labels={"app": "other"}), B, item])
    assert can("a", "b", objects=[A, pod("b", labels={}), policy(selects="b")])


def test_22_the_protocol_defaults_to_tcp_and_still_isolates() -> None:
    tcp = shop(policy(selects="b", ingress=[rule(ports=[80])]))
    udp = shop(policy(selects="b", ingress=[rule(ports=[{"protocol": "UDP", "port": 80}])]))
    assert can("a", "b", objects=tcp) and not can("a", "b", 80, "UDP", objects=tcp)
    assert can("a", "b", 80, "UDP", objects=udp) and not can("a", "b", objects=udp)
    sctp = shop(policy(selects="b", ingress=[rule(ports=[{"protocol": "SCTP"}])]))
    assert can("a", "b", 7, "SCTP", objects=sctp) and not can("a", "b", objects=sctp)


def test_23_a_protocol_without_port_means_all_its_ports() -> None:
    objects = shop(policy(selects="b", ingress=[rule(ports=[{"protocol": "UDP"}])]))
    assert can("a", "b", 1, "UDP", objects=objects) and can("a", "b", 65535, "UDP", objects=objects)
    assert not can("a", "b", 1, objects=objects)


@pytest.mark.parametrize("target", [8080, "web"])
def test_24_the_pods_port_is_judged_not_the_services(target: Any) -> None:
    by_service = World.of(shop(service("b", 80, target), policy(selects="b", ingress=[rule(ports=[80])])))
    by_pod = World.of(shop(service("b", 80, target), policy(selects="b", ingress=[rule(ports=[8080])])))
    assert not by_service.explain("a", "b", 80, service="b") and by_pod.explain("a", "b", 80, service="b")


def test_25_a_port_name_is_resolved_for_each_destination() -> None:
    one, two = pod("one", ports=[("web", 80)]), pod("two", ports=[("web", 8080)])
    inward = [
        A,
        one,
        two,
        policy(
            "in",
            {"matchExpressions": [{"key": "app", "operator": "In", "values": ["one", "two"]}]},
            ingress=[rule(ports=["web"])],
        ),
    ]
    outward = [A, one, two, policy("out", "a", egress=[rule(ports=["web"])])]
    for objects in (inward, outward):
        assert can("a", "one", 80, objects=objects) and can("a", "two", 8080, objects=objects)
        assert not can("a", "one", 8080, objects=objects) and not can("a", "two", 80, objects=objects)


def test_26_a_port_name_must_match_name_and_protocol() -> None:
    target = pod("b", ports=[("dns", 53, "UDP")])
    for entry, protocol, fits in (
        ("dns", "TCP", False),
        ({"port": "dns", "protocol": "UDP"}, "UDP", True),
        ("no", "TCP", False),
    ):
        objects = [A, target, policy(selects="b", ingress=[rule(ports=[entry])])]
        assert can("a", "b", 53, protocol, objects=objects) is fits


def test_27_a_port_name_toward_an_address_matches_nothing() -> None:
    assert not can("b", "8.8.8.8", 8080, objects=shop(policy(selects="b", egress=[rule(ports=["web"])])))


def test_28_end_port_is_inclusive() -> None:
    objects = shop(policy(selects="b", ingress=[rule(ports=[{"port": 80, "endPort": 90}])]))
    assert [port for port in (79, 80, 85, 90, 91) if can("a", "b", port, objects=objects)] == [80, 85, 90]


def test_29_a_number_needs_no_declared_port() -> None:
    assert can(
        "a",
        "other/c",
        12345,
        objects=shop(policy(selects="c", space="other", ingress=[rule(spaces("default"), ports=[12345])])),
    )


def test_30_an_exception_holds_for_its_own_block() -> None:
    hole = {"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.8.8.0/24"]}}
    again = {"ipBlock": {"cidr": "8.8.8.8/32"}}
    assert not can("8.8.8.8", "b", objects=shop(policy(selects="b", ingress=[rule(hole)])))
    for objects in (
        shop(policy(selects="b", ingress=[rule(hole, again)])),
        shop(policy(selects="b", ingress=[rule(hole)]), policy("p", "b", ingress=[rule(again)])),
    ):
        assert can("8.8.8.8", "b", objects=objects) and not can("8.8.8.9", "b", objects=objects)


def test_31_a_pods_address_in_the_block_matches() -> None:
    objects = shop(policy(selects="b", ingress=[rule({"ipBlock": {"cidr": "10.0.0.0/30"}})]))
    assert can("a", "b", objects=objects)
    outward = shop(policy(selects="a", egress=[rule({"ipBlock": {"cidr": "10.0.0.2/32"}}, side="to")]))
    assert can("a", "b", objects=outward) and not can("a", "other/c", objects=outward)


def test_32_a_family_matches_its_own_and_each_address_is_judged() -> None:
    double = pod("d", ip=("10.0.0.9", "fd00::9"))
    six = pod("six", ip="fd00::6")
    objects = [double, six, A, policy(selects="d", ingress=[rule({"ipBlock": {"cidr": "fd00::/16"}})])]
    assert can("six", "d", objects=objects) and not can("a", "d", objects=objects)
    assert can("fd00::1", "d", objects=objects) and not can("8.8.8.8", "d", objects=objects)
    assert not can("a", "six", objects=objects), "no family in common"


def test_33_replies_need_no_rule() -> None:
    objects = shop(policy("in", "b", ingress=[rule(pods("a"))]), policy("out", "b", policyTypes=["Egress"]))
    assert can("a", "b", objects=objects) and not can("b", "a", objects=objects)


def test_34_a_pod_reaches_its_own_address() -> None:
    world = World.of(shop(policy(policyTypes=["Ingress", "Egress"]), service("b", 80)))
    assert world.judge("b", "b", 80) and "own address" in world.judge("b", "b", 80).sentence
    assert not world.judge("b", "b", 80, translated=True), "the translation makes a new connection of it"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ([policy(policyTypes=["Ingress"])], False),
        ([policy(policyTypes=["Egress"])], False),
        ([policy("in", "b", ingress=[rule(pods("a"))])], False),
        ([policy("in", "b", ingress=[rule(pods("b"))])], True),
        ([policy("in", "b", ingress=[rule(pods("b"), ports=[{"port": 81}])])], False),
        ([policy("in", "a", ingress=[])], True),
        ([], True),
    ],
)
def test_34_through_its_own_service_a_pod_is_judged_like_any_other(rules: list[Any], allowed: bool) -> None:
    world = World.of(shop(service("b", 80), *rules))
    (verdict,) = world.explain_service("b", "b", 80)
    assert bool(verdict) is allowed and world.explain("b", "b", 80, service="b").allowed is allowed
    assert any("itself through a Service" in note for note in verdict.notes), verdict.notes
    assert world.explain("b", "b", 80), "its own address it always reaches"


def test_34_a_headless_service_is_the_pods_own_address() -> None:
    headless = service("b", 80)
    headless["spec"]["clusterIP"] = "None"
    world = World.of(shop(headless, policy(policyTypes=["Ingress", "Egress"])))
    (verdict,) = world.explain_service("b", "b", 80)
    assert verdict and not any("itself" in note for note in verdict.notes)


def test_35_a_node_reaches_the_pods_on_it() -> None:
    agent = pod("agent", ip="172.20.0.2", host=True, node="n1")
    near, far = pod("near", node="n1", ip="10.0.0.3"), pod("far", node="n2", ip="10.0.1.3")
    far["status"]["hostIP"] = "172.20.0.9"
    objects = [agent, near, far, policy(policyTypes=["Ingress"])]
    assert can("172.20.0.2", "near", objects=objects) and not can("172.20.0.2", "far", objects=objects)
    assert can("agent", "near", objects=objects) and not can("agent", "far", objects=objects)


def test_36_host_network_pods_count_as_their_nodes_address() -> None:
    agent = pod("agent", ip="172.20.0.2", host=True, node="n1")
    objects = [
        agent,
        A,
        policy("all", policyTypes=["Ingress"]),
        policy("out", "a", egress=[rule(pods("agent"), side="to")]),
    ]
    assert not can("a", "agent", objects=objects), "no selector means it"
    address = policy("out", "a", egress=[rule({"ipBlock": {"cidr": "172.20.0.2/32"}}, side="to")])
    assert can("a", "agent", objects=[*objects[:3], address]), "and it is never isolated"
    assert any("node's address" in note for note in World.of(objects).explain("a", "agent", 80).notes)


def test_37_verdicts_are_for_new_connections() -> None:
    assert "new connection" in (World.judge.__doc__ or "")


def test_38_ended_pods_are_no_peers_terminating_ones_are() -> None:
    leaving = pod("leaving", deletionTimestamp="2026-01-01T00:00:00Z")
    world = World.of([A, pod("job", phase="Succeeded"), pod("crash", phase="Failed"), leaving])
    assert [one.name for one in world.pods] == ["a", "leaving"]
    with pytest.raises(KeyError, match="has ended"):
        world.judge("a", "job", 80)
    assert world.judge("a", "leaving", 80)


def test_39_an_outside_end_is_never_isolated() -> None:
    objects = shop(policy(policyTypes=["Ingress"]), policy("all", "a", space="other"))
    assert can("a", "8.8.8.8", objects=objects) and can("8.8.8.8", "other/c", objects=objects)


def test_40_other_protocols_are_outside_the_api() -> None:
    item = policy(ingress=[rule(ports=[{"protocol": "ICMP"}])])
    assert [str(problem) for problem in World.of([item]).problems] == [
        'NetworkPolicy policy: spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: '
        '"TCP", "UDP", "SCTP"'
    ]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_41_in_manifests_a_workloads_labels_are_its_templates(kind: str) -> None:
    item = deployment("web")
    item["kind"] = kind
    item["metadata"] = {"name": "web", "labels": {"app": "not-this"}}
    if kind == "CronJob":
        item["spec"] = {"jobTemplate": {"spec": item["spec"]}}
    world = World.of([item, A, policy(selects=app("web"), policyTypes=["Ingress"])])
    assert world.pod("web").namespace == "default" and world.pod("web").workload == f"{kind}/web"
    assert not world.judge("a", "web", 80) and world.judge("web", "a", 80)


def test_41_an_unknown_address_is_in_the_block_of_all_addresses_only() -> None:
    for cidr, fits in (("0.0.0.0/0", True), ("0.0.0.0/1", False), ("::/0", False)):
        item = policy(selects="a", ingress=[rule({"ipBlock": {"cidr": cidr}})])
        assert World.of([deployment("web"), A, item]).judge("web", "a", 80).allowed is fits


def test_a_sidecars_named_port_counts() -> None:
    item = pod("b")
    item["spec"]["initContainers"] = [
        {"name": "setup", "ports": [container_port(("setup", 1))]},
        {"name": "proxy", "restartPolicy": "Always", "ports": [container_port(("admin", 9901))]},
    ]
    objects = [A, item, policy(selects="b", ingress=[rule(ports=["admin", "setup"])])]
    world = World.of(objects)
    assert world.judge("a", "b", 9901) and not world.judge("a", "b", 1)
