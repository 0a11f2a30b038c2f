"""Single rules at their edges: versions, ports, ranges, blocks, types."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import World, lint

from .build import deployment, pod, pods, policy, rule, service
from .linted import ANY_SPACE, TO_DNS, UDP, hits, ids, said, sends


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("extensions/v1beta1", True),
        ("networking.k8s.io/v1beta1", True),
        ("networking.k8s.io/v1", False),
        ("crd.projectcalico.org/v1", False),
    ],
)
def test_old_versions(version: str, found: bool) -> None:
    made = {**policy("p", "a", ingress=[]), "apiVersion": version}
    assert bool(hits("old-api-version", pod("a"), made)) == found


@pytest.mark.parametrize(
    ("ports", "peer", "found"),
    [
        ([22], (), "SSH"),
        ([{"port": 20, "endPort": 30}], (), "SSH and Telnet"),
        ([10250], (ANY_SPACE,), "the kubelet"),
        ([2379], ({"ipBlock": {"cidr": "0.0.0.0/0"}},), "etcd"),
        (["ssh"], (), "SSH"),
        ([22], (pods("admin"),), ""),
        ([22], ({"ipBlock": {"cidr": "203.0.113.0/24"}},), ""),
        ([{"port": 22, "protocol": "UDP"}], (), ""),
        ([8080], (), ""),
        ([{"port": 1, "endPort": 65535}], (), ""),
        ([22], ({"podSelector": {}},), ""),
        ([22], ({"namespaceSelector": {"matchLabels": {"team": "red"}}},), ""),
        ([22], ({**ANY_SPACE, **pods("admin")},), ""),
        ([{"port": 22, "endPort": 1022}], (), ""),
        ([{"port": 22, "endPort": 1021}], (), "SSH, Telnet, rexec, rlogin and rsh"),
        (["web"], (), ""),
        ([22], (pods("admin"), ANY_SPACE), "SSH"),
    ],
)
def test_administration_ports(ports: Any, peer: Any, found: str) -> None:
    made = policy("p", "a", ingress=[rule(*peer, ports=ports)])
    text = [one.sentence for one in hits("admin-port-open", pod("a", ports=[("ssh", 22)]), pod("admin"), made)]
    assert [f"({found})" in one for one in text] == ([True] if found else [])


def test_administration_of_the_internet() -> None:
    web = deployment("web")
    assert hits("admin-port-open", web, sends("web", rule({"ipBlock": {"cidr": "0.0.0.0/0"}}, side="to", ports=[22])))
    assert not hits("admin-port-open", web, sends("web", rule(ANY_SPACE, side="to", ports=[6443])))


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"port": 8000, "endPort": 8999}, False),
        ({"port": 8000, "endPort": 9000}, True),
        ({"protocol": "TCP"}, False),
        ({"port": 32768, "endPort": 60999}, False),
        ({"port": 1, "endPort": 65535}, True),
    ],
)
def test_wide_ranges(entry: Any, found: bool) -> None:
    assert bool(hits("wide-port-range", pod("a"), policy("p", "a", ingress=[{"ports": [entry]}]))) == found


@pytest.mark.parametrize(
    ("peer", "ports", "found"),
    [
        ("0.0.0.0/0", (), True),
        ("169.254.0.0/16", [80], True),
        ("169.254.169.254/32", [80], False),
        ("0.0.0.0/0", [443], False),
        ("0.0.0.0/0", [{"port": 1, "endPort": 1024}], True),
        ("10.0.0.0/8", (), False),
        ("::/0", (), True),
        ("0.0.0.0/0", [UDP], False),
        ("0.0.0.0/0", ["http"], False),
    ],
)
def test_the_metadata_address(peer: str, ports: Any, found: bool) -> None:
    web = deployment("web")
    assert (
        bool(hits("metadata-address", web, sends("web", rule({"ipBlock": {"cidr": peer}}, side="to", ports=ports))))
        == found
    )
    left_out = {"ipBlock": {"cidr": peer, "except": ["169.254.169.254/32"]}}
    if found and ":" not in peer:
        live = pod("web", ip="10.0.0.4")
        assert not {"metadata-address", "block-on-pods"} & set(
            ids(live, sends("web", rule(left_out, side="to", ports=ports), TO_DNS))
        )


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"egress": [TO_DNS]}, True),
        ({"egress": [TO_DNS], "policyTypes": []}, True),
        ({"egress": []}, False),
        ({"egress": [TO_DNS], "policyTypes": ["Egress"]}, False),
        ({"egress": [TO_DNS], "ingress": []}, False),
        ({"ingress": [rule(pods("a"))]}, False),
    ],
)
def test_types_left_out(spec: Any, found: bool) -> None:
    assert bool(hits("types-left-out", pod("a"), policy("p", "a", **spec))) == found


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ((), (), True),
        ([80], (), True),
        ((), [80], True),
        ([80], [443], False),
        ([80], [{"port": 1, "endPort": 100}], True),
        ([80], [{"port": 80, "protocol": "UDP"}], False),
    ],
)
def test_an_exception_is_undone_where_ports_meet(ours: Any, theirs: Any, found: bool) -> None:
    holed = {"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}}
    again = rule({"ipBlock": {"cidr": "8.8.0.0/15"}}, ports=theirs)
    made = policy("p", "a", ingress=[rule(holed, ports=ours), again])
    assert bool(hits("except-undone", pod("a"), made)) == found


def test_a_block_beside_that_undoes_an_exception() -> None:
    holed, beside = ({"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}}, {"ipBlock": {"cidr": "8.8.0.0/15"}})
    assert "8.8.0.0/15 beside it lets it pass" in said(
        "except-undone", pod("a"), policy("p", "a", ingress=[rule(holed, beside)])
    )
    for other in (
        policy("q", "b", ingress=[rule(beside)]),
        policy("q", "a", policyTypes=["Egress"], egress=[{"to": [beside]}]),
        policy("q", "a", ingress=[rule({"ipBlock": {"cidr": "8.8.8.0/24"}})]),
    ):
        assert not hits("except-undone", pod("a"), pod("b"), policy("p", "a", ingress=[rule(holed)]), other)
    open_to_all = policy("q", "a", ingress=[{}])
    assert "default/q spec.ingress[0]" in said(
        "except-undone", pod("a"), policy("p", "a", ingress=[rule(holed)]), open_to_all
    )


def test_ports_of_pods_that_declare_none_are_not_judged() -> None:
    made = policy("p", {"matchLabels": {"tier": "x"}}, ingress=[rule(pods("b"), ports=[81])])
    declaring, silent = (pod(name, ports=ports, labels={"tier": "x"}) for name, ports in (("a", [80]), ("s", [])))
    assert hits("port-nobody-serves", declaring, pod("b"), made)
    assert not hits("port-nobody-serves", declaring, silent, pod("b"), made)
    ranged = policy("p", {"matchLabels": {"tier": "x"}}, ingress=[rule(ports=[{"port": 81, "endPort": 90}])])
    assert hits("port-nobody-serves", declaring, ranged)
    every = policy("p", {"matchLabels": {"tier": "x"}}, ingress=[rule(ports=[{"protocol": "UDP"}])])
    assert not hits("port-nobody-serves", declaring, every)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"port": 53}, "and its protocol: UDP 53."),
        ("dns", "add `protocol: UDP`"),
        ("dnss", "Did you mean dns?"),
        ("http", "The pods name dns."),
    ],
)
def test_how_a_port_is_mended(entry: Any, words: str) -> None:
    here = pod("a", ports=[("dns", 53, "UDP")])
    found = [
        one
        for one in lint([here, policy("p", "a", ingress=[rule(pods("a"), ports=[entry])])])
        if one.id.startswith("port-")
    ]
    assert len(found) == 1 and words in found[0].mend


def test_pods_without_port_names() -> None:
    assert "name the port in the pod template" in said(
        "port-name-unknown", pod("a", ports=[80]), policy("p", "a", ingress=[rule(ports=["http"])])
    )


def test_a_range_names_the_ports_that_count() -> None:
    made = policy("p", "a", ingress=[rule(ports=[{"port": 8000, "endPort": 9999}])])
    assert "Name the ports that the pods serve: 8080." in said("wide-port-range", pod("a", ports=[80, 8080]), made)
    assert "Name the ports that are needed." in said("wide-port-range", pod("a"), made)


def test_addresses_of_services_in_blocks() -> None:
    here = [deployment("web"), deployment("db", ports=[5432]), service("db", 5432, ip="10.96.0.9")]
    for cidr, found in (("10.96.0.9/32", True), ("10.96.0.0/12", True), ("10.97.0.0/16", False), ("0.0.0.0/0", False)):
        out = sends("web", rule({"ipBlock": {"cidr": cidr}}, side="to", ports=[5432]), TO_DNS)
        assert bool(hits("block-on-service", *here, out)) == found, cidr
    holed = {"ipBlock": {"cidr": "10.96.0.0/12", "except": ["10.96.0.0/24"]}}
    assert not hits("block-on-service", *here, sends("web", rule(holed, side="to")))
    assert not hits("block-on-service", *here, policy("p", "db", ingress=[rule({"ipBlock": {"cidr": "10.96.0.9/32"}})]))


def test_a_rule_for_addresses_too_is_not_judged_by_the_pods_ports() -> None:
    web, db, block = pod("web"), pod("db", ports=[5432]), {"ipBlock": {"cidr": "203.0.113.0/24"}}
    assert not hits("port-nobody-serves", web, db, sends("web", rule(block, pods("db"), side="to", ports=[443])))
    assert hits("port-nobody-serves", web, db, sends("web", rule(pods("db"), side="to", ports=[443])))
    assert not hits("port-nobody-serves", web, db, sends("web", rule(side="to", ports=[443])))


@pytest.mark.parametrize(
    ("cidr", "exact"),
    [
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("10.0.0.1/31", "10.0.0.0/31"),
        ("203.0.113.7/0", "0.0.0.0/0"),
        ("fd00::1/64", "fd00::/64"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.3/128", "10.1.2.3/32"),
        ("10.0.0.1/32", ""),
        ("fd00::1/128", ""),
        ("::/0", ""),
    ],
)
def test_a_block_that_a_newer_server_refuses_still_counts_and_has_its_exact_form(cidr: str, exact: str) -> None:
    made = policy("p", "a", ingress=[rule({"ipBlock": {"cidr": cidr}})])
    found = hits("inexact-cidr", pod("a"), made)
    assert [one.mend for one in found] == ([f"Write {exact}."] if exact else [])
    assert not World.of([pod("a"), made]).problems
    if exact and not cidr.startswith("::ffff"):
        other = policy("p", "a", ingress=[rule({"ipBlock": {"cidr": exact}})])
        assert str(World.of([pod("a"), made]).matrix()) == str(World.of([pod("a"), other]).matrix())
    assert not hits("inexact-cidr", pod("a"), policy("p", "a", ingress=[rule({"ipBlock": {"cidr": exact or cidr}})]))
