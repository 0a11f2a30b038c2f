"""The matrix as people read it: netpol-analyzer's text, JSON, CSV, Markdown, DOT; classes; compared matrices."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from helpers.policies import NotFound, World, compare
from helpers.policies.application.exposure import ingress_backends
from helpers.policies.application.formats import comparison_as, dot, matrix_as
from helpers.policies.application.redundancy import redundant, removable
from helpers.policies.matrix.listing import connections

from .build import deployment, namespace, pod, pods, policy, rule, service

FRONT, BACK = deployment("front", "shop", ports=[8080]), deployment("back", "shop", ports=[9090])
POLICIES = [
    policy(
        "back",
        "back",
        "shop",
        policyTypes=["Ingress", "Egress"],
        ingress=[rule(pods("front"), ports=[8080, {"port": 9090, "endPort": 9100}, {"port": 53, "protocol": "UDP"}])],
    ),
    policy(
        "front",
        "front",
        "shop",
        policyTypes=["Ingress", "Egress"],
        ingress=[rule({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}, ports=[80])],
        egress=[
            rule(pods("back"), side="to"),
            rule({"ipBlock": {"cidr": "8.8.8.8/32"}}, side="to", ports=[{"protocol": "TCP"}]),
        ],
    ),
]
TEXT = """\
10.0.0.0-10.0.255.255 => shop/front[Deployment] : TCP 80
10.2.0.0-10.255.255.255 => shop/front[Deployment] : TCP 80
shop/front[Deployment] => 8.8.8.8-8.8.8.8 : TCP 1-65535
shop/front[Deployment] => shop/back[Deployment] : TCP 8080,9090-9100,UDP 53"""


def world(*items: Any) -> World:
    return World.of([namespace("shop"), *items])


def test_the_text_is_netpol_analyzers() -> None:
    assert str(world(FRONT, BACK, *POLICIES).matrix()) == TEXT


def test_without_policies_everything_is_open() -> None:
    assert str(world(FRONT, BACK).matrix()).splitlines() == [
        "0.0.0.0-255.255.255.255 => shop/back[Deployment] : All Connections",
        "0.0.0.0-255.255.255.255 => shop/front[Deployment] : All Connections",
        "shop/back[Deployment] => 0.0.0.0-255.255.255.255 : All Connections",
        "shop/back[Deployment] => shop/front[Deployment] : All Connections",
        "shop/front[Deployment] => 0.0.0.0-255.255.255.255 : All Connections",
        "shop/front[Deployment] => shop/back[Deployment] : All Connections",
    ]


def test_both_families_are_listed_where_pods_have_both() -> None:
    both = pod("a", ip=("10.0.0.1", "fd00::1"))
    assert [line.source for line in world(both).matrix()][:2] == [
        "0.0.0.0-255.255.255.255",
        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]


def test_in_pods_and_in_workloads() -> None:
    owner = {"ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": True}]}
    live = [pod(f"db-{number}", labels={"app": "db"}, **owner) for number in (0, 1)]
    lines = [f"{line.source} {line.target}" for line in World.of(live).matrix("pod")]
    assert "default/db-0[Pod] default/db-1[Pod]" in lines
    between = [f"{line.source} {line.target}" for line in World.of(live).matrix()]
    assert all("[StatefulSet]" in line for line in between)
    assert between.count("default/db[StatefulSet] default/db[StatefulSet]") == 1
    with pytest.raises(ValueError, match="by 'workload' or by 'pod'"):
        World.of(live).matrix("node")


def test_a_pod_that_differs_from_its_siblings_counts_for_its_workload() -> None:
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True}]}
    live = [pod("web-1", labels={"app": "web"}, **owner), pod("web-2", labels={"app": "old"}, **owner), pod("a")]
    made = World.of([*live, policy(selects="web", ingress=[])]).matrix()
    assert any(line.target == "default/web[ReplicaSet]" and line.source == "default/a[Pod]" for line in made)


def test_json_csv_markdown_and_dot() -> None:
    lines = connections(world(FRONT, BACK, *POLICIES).matrix())
    data = json.loads(matrix_as("json", lines))
    assert data[3] == {
        "src": "shop/front[Deployment]",
        "dst": "shop/back[Deployment]",
        "conn": "TCP 8080,9090-9100,UDP 53",
        "ports": [
            {"protocol": "TCP", "first": 8080, "last": 8080},
            {"protocol": "TCP", "first": 9090, "last": 9100},
            {"protocol": "UDP", "first": 53, "last": 53},
        ],
    }
    rows = list(csv.reader(io.StringIO(matrix_as("csv", lines))))
    assert rows[0] == ["src", "dst", "conn"] and rows[4][2] == "TCP 8080,9090-9100,UDP 53" and len(rows) == 5
    assert matrix_as("markdown", lines).splitlines()[1] == "| --- | --- | --- |"
    drawn = matrix_as("dot", lines)
    assert '"shop/front[Deployment]" -> "shop/back[Deployment]" [label="TCP 8080,9090-9100,UDP 53"]' in drawn
    assert 'label="shop"' in drawn and drawn.count("{") == drawn.count("}")
    assert '\\"' in dot([('a"b', "c\\d", "x\ny", "")])


def test_an_ingress_object_adds_its_controller() -> None:
    item = {
        "kind": "Ingress",
        "metadata": {"name": "i", "namespace": "shop"},
        "spec": {"defaultBackend": {"service": {"name": "front", "port": {"number": 80}}}},
    }
    open_world = world(FRONT, service("front", 80, 8080, "shop"), item)
    lines = connections(open_world.matrix(), ingress_backends(open_world))
    assert "{ingress-controller} => shop/front[Deployment] : TCP 8080" in map(str, lines)
    shut = world(FRONT, service("front", 80, 8080, "shop"), item, POLICIES[1])
    assert not any(line.source == "{ingress-controller}" for line in connections(shut.matrix(), ingress_backends(shut)))


def test_pods_that_no_policy_tells_apart_are_one_class() -> None:
    many = [
        pod(f"p{number}", labels={"app": "x" if number % 2 else "y", "pod": str(number)}, ip=f"10.0.0.{number}")
        for number in range(200)
    ]
    matrix = World.of([*many, policy(selects="x", ingress=[])]).matrix("pod")
    assert len(matrix) == 2 and repr(matrix) == "<Matrix of 200 pods in 2 classes under 1 policies>"
    assert len(World.of(many).matrix("pod")) == 1


def test_compared_matrices() -> None:
    before, after = world(FRONT, BACK, *POLICIES), world(FRONT, BACK, POLICIES[1])
    change = compare(before, after)
    assert not change.same and compare(before, before).same
    assert [str(one) for one in change.changes if "8.8.8.8" not in str(one)] == [
        "added: 0.0.0.0-255.255.255.255 => shop/back[Deployment] : + All Connections",
        "added: shop/back[Deployment] => 0.0.0.0-255.255.255.255 : + All Connections",
        "changed: shop/front[Deployment] => shop/back[Deployment] : + SCTP 1-65535,TCP 1-8079,8081-9089,9101-65535,UDP "
        "1-52,54-65535",
    ]
    assert compare(after, before).changes[0].kind == "removed"
    assert json.loads(comparison_as("json", change))["same"] is False
    assert comparison_as("csv", change).startswith("diff-type,source,destination,before,after\n")
    assert "added" in comparison_as("markdown", change) and "digraph" in comparison_as("dot", change)
    assert str(compare(before, before)).startswith("Both mean the same")


def test_a_new_workload_is_a_difference() -> None:
    found = compare(world(FRONT), world(FRONT, BACK)).changes
    assert ("shop/front[Deployment]", "shop/back[Deployment]") in {(one.source, one.target) for one in found}
    assert all(one.kind == "added" for one in found)


def test_ranges_that_differ_are_cut_out() -> None:
    wide = policy("in", "front", "shop", ingress=[rule({"ipBlock": {"cidr": "10.0.0.0/8"}})])
    narrow = policy("in", "front", "shop", ingress=[rule({"ipBlock": {"cidr": "10.0.0.0/9"}})])
    assert [(one.source, one.kind) for one in compare(world(FRONT, wide), world(FRONT, narrow)).changes] == [
        ("10.128.0.0-10.255.255.255", "removed")
    ]


def test_redundant_policies_name_what_stands_beside_them() -> None:
    twice = world(FRONT, BACK, *POLICIES, {**POLICIES[0], "metadata": {"name": "again", "namespace": "shop"}})
    assert [one.policy.key for one in redundant(twice)] == ["shop/back", "shop/again"]
    assert [str(one) for one in removable(twice)] == ["shop/again changes nothing beside shop/back"]


def test_importing_the_package_loads_next_to_nothing() -> None:
    code = (
        "import sys; import helpers.policies; "
        "print([name for name in ('yaml', 'kubernetes', 'dataclasses', 'json') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_exported_can_be_imported() -> None:
    import helpers.policies as package

    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError):
        getattr(package, "nothing")  # noqa: B009


def test_replacing_policies_leaves_the_first_world_as_it_is() -> None:
    before = world(FRONT, BACK, *POLICIES)
    after = before.replace_policies([POLICIES[0]])
    assert str(before.matrix()) == TEXT and len(after.policies) == 1 and after.pods is before.pods
    assert str(after.matrix()) == str(world(FRONT, BACK, POLICIES[0]).matrix())
    assert before.replace_policies([{**POLICIES[0], "spec": 3}]).problems


def test_a_matrix_is_made_once_a_world() -> None:
    one = world(FRONT, BACK, *POLICIES)
    by_pod, by_workload = one.matrix("pod"), one.matrix("workload")
    assert one.matrix("pod").rows is by_pod.rows is by_workload.rows and one.matrix().tables is by_pod.tables
    assert "[Pod]" in str(by_pod) and "[Pod]" not in str(by_workload)
    with pytest.raises(ValueError, match="by 'workload' or by 'pod'"):
        one.matrix("node")


def test_a_world_of_fewer_pods_forgets_what_the_larger_one_worked_out() -> None:
    apps = [deployment(f"app{number}", ports=[80]) for number in range(60)]
    large = World.of([*apps, policy(selects="app1", ingress=[rule(pods("app2"), ports=[80])])])
    large.matrix()
    large.judge("app2", "app1", 80)
    small = replace(large, pods=large.pods[:3])
    fresh = World.of([*apps[:3], *(one.source for one in large.policies)])
    assert str(small.matrix()) == str(fresh.matrix()) and len(small.matrix().pods) == 3
    assert not small.judge("app0", "app1", 80) and small.judge("app2", "app1", 80)
    with pytest.raises(NotFound):
        small.judge("app30", "app1", 80)
    assert list(small.workloads) == list(fresh.workloads)
    relabelled = replace(large, pods=tuple(replace(pod, labels={"app": "app2"}) for pod in large.pods))
    assert relabelled.judge("app9", "app1", 80), "no policy selects app1 any more"
    assert str(relabelled.matrix()) == str(World(relabelled.pods, large.namespaces, large.policies).matrix())


def test_namespaces_with_other_labels_give_another_matrix() -> None:
    one = World.of(
        [
            FRONT,
            BACK,
            policy("team", "back", "shop", ingress=[rule({"namespaceSelector": {"matchLabels": {"team": "a"}}})]),
        ]
    )
    assert "front" not in str([line for line in one.matrix() if "back" in line.target])
    labelled = replace(one, namespaces={"shop": {"team": "a"}})
    assert any("front" in line.source and "back" in line.target for line in labelled.matrix())
