"""What the graph shows: states of workloads, states of calls, and what the last policy did."""

from typing import Any

import pytest
from support.course import shop
from support.shop_world import app, numbered, policies, policy, scene

from helpers.display.drawing.scene import ALLOWED, BLOCKED, EXTRA, Edge, Node, Scene
from helpers.policies.model.addresses import OUTSIDE


def edge(found: Scene, source: str, target: str) -> Edge:
    ends = [name if name == OUTSIDE else f"default/{name}[Deployment]" for name in (source, target)]
    return next(one for one in found.edges if [one.source, one.target] == ends)


def node(found: Scene, name: str) -> Node:
    return next(one for one in found.nodes if one.name == name)


def test_without_policies_everything_is_open_and_all_17_calls_are_allowed() -> None:
    found = scene()
    assert {one.state for one in found.nodes} == {"open", OUTSIDE}
    assert [one.state for one in found.edges] == [ALLOWED] * 17
    assert not any(one.change or one.policies for one in found.edges)
    assert "17 of 17" in found.sentence and "no policies" in found.sentence


def test_the_first_policy_blocks_the_frontend() -> None:
    found = scene(*policies(1))
    assert node(found, "shippingservice").state == "ingress" and node(found, "shippingservice").changed
    blocked = edge(found, "frontend", "shippingservice")
    assert (blocked.state, blocked.change) == (BLOCKED, "now blocked")
    kept = edge(found, "checkoutservice", "shippingservice")
    assert (kept.state, kept.change, kept.policies) == (ALLOWED, "now by policy", ("default/shipping-allow-checkout",))
    assert "blocked are frontend → shippingservice" in found.sentence


def test_the_second_policy_stands_out_alone() -> None:
    found = scene(*policies(2))
    assert found.last == "default/shipping-allow-frontend"
    assert [one.change for one in found.edges if one.change] == ["now allowed"]
    assert edge(found, "frontend", "shippingservice").change == "now allowed"


def test_another_policy_can_stand_out() -> None:
    found = scene(*policies(2), last="default/shipping-allow-checkout")
    assert edge(found, "checkoutservice", "shippingservice").change == "now allowed"
    assert not any(one.change for one in scene(*policies(2), last="").edges)


def test_the_complete_collection_allows_the_architecture_and_nothing_else() -> None:
    found = scene(*policies(17))
    assert (found.count(ALLOWED), found.count(BLOCKED), found.count(EXTRA)) == (17, 0, 0)


def test_egress_isolation_differs_and_dns_is_missed() -> None:
    rule: dict[str, Any] = {**app("frontend"), "policyTypes": ["Egress"], "egress": [{"to": [app("cartservice")]}]}
    about = {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    dns = {"kind": "Pod", "metadata": about, "status": {"podIP": "10.244.0.2"}, "spec": {"containers": [{"name": "c"}]}}
    found = scene(dns, policy("frontend-egress", rule))
    assert node(found, "frontend").state == "egress" and node(found, "frontend").no_dns
    assert edge(found, "frontend", "cartservice").state == ALLOWED
    assert edge(found, "frontend", "adservice").state == BLOCKED
    assert "no DNS for frontend" in found.sentence
    opened = {"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "UDP", "port": 53}]}
    rule["egress"].append(opened)
    assert not node(scene(dns, policy("frontend-egress", rule)), "frontend").no_dns


def test_isolated_both_ways() -> None:
    both = policy("both", {**app("cartservice"), "policyTypes": ["Ingress", "Egress"]})
    assert node(scene(both), "cartservice").state == "both"


def test_needless_calls_are_drawn_up_to_a_few() -> None:
    two = policy("two", {**app("redis-cart"), "ingress": [{"from": [app("cartservice"), app("adservice")]}]})
    found = scene(two)
    assert edge(found, "adservice", "redis-cart").state == EXTRA
    assert node(found, "redis-cart").others_in == 0


def test_many_needless_calls_become_a_number() -> None:
    found = scene(policy("all", {**app("redis-cart"), "ingress": [{"from": [{"podSelector": {}}]}]}))
    assert not any(one.state == EXTRA for one in found.edges)
    assert node(found, "redis-cart").others_in == 10 == found.count(EXTRA)
    assert "10 calls that nobody needs are allowed" in found.sentence


def test_open_egress_reaches_the_outside_world() -> None:
    found = scene(policy("out", {**app("adservice"), "policyTypes": ["Egress"], "egress": [{}]}))
    assert edge(found, "adservice", OUTSIDE).state == EXTRA
    assert node(found, "adservice").others_out == 10


def test_the_newest_policy_is_the_one_the_server_wrote_last() -> None:
    newest, older = policies(2)
    newest["metadata"]["resourceVersion"] = "99"
    assert scene(newest, older).last == "default/shipping-allow-checkout"
    del newest["metadata"]["resourceVersion"], older["metadata"]["resourceVersion"]
    assert scene(newest, older).last == ""


def test_system_namespaces_stay_out() -> None:
    other = policy("system", {"podSelector": {}}, "kube-system")
    found = scene(*numbered([other]))
    assert (found.policies, found.last) == (0, "")


def test_an_empty_cluster_says_what_to_do() -> None:
    from helpers.display.drawing.scene import scene_of
    from helpers.policies import World

    assert "lab.deploy()" in scene_of(World.of([]), ()).sentence


@pytest.mark.parametrize("count", [80, 200])
def test_quiet_workloads_of_a_large_cluster_become_one_node_a_namespace(count: int) -> None:
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"p{number}", "namespace": "other"},
            "spec": {"containers": [{"name": "c"}]},
        }
        for number in range(count)
    ]
    found = scene(*pods)
    merged = next(one for one in found.nodes if one.namespace == "other")
    assert (merged.name, merged.pods) == (f"{count} more", count)
    assert len(found.nodes) == 14 and len(shop()) > 14
