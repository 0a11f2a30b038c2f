"""Each lint rule: one hit, with its place and mend, and one near miss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from helpers.display.answers import finding_html
from helpers.policies import Finding, World, lint, read
from helpers.policies.linting import RULES

from .build import app, deployment, namespace, pod, pods, policy, rule, service, spaces

A, B = pod("a", ip="10.0.0.1", ports=[80]), pod("b", ip="10.0.0.2", ports=[8080])
C = pod("c", "other", ip="10.0.1.3")
DNS = pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ports=[("dns", 53, "UDP"), ("dns-tcp", 53)])
SPACES = [namespace("default"), namespace("other", team="red"), namespace("kube-system")]
TO_DNS = rule(
    {**spaces("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}},
    side="to",
    ports=[{"protocol": "UDP", "port": 53}, {"port": 53}],
)


def world(*items: Any) -> list[Any]:
    return [*SPACES, A, B, C, DNS, *items]


def block(cidr: str, *holes: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(holes)} if holes else {})}}


def into_b(*peers: Any, ports: Any = (), name: str = "policy") -> dict[str, Any]:
    return policy(name, "b", ingress=[rule(*peers, ports=ports)])


def out_of_a(*rules: Any) -> dict[str, Any]:
    return policy("out", "a", policyTypes=["Egress"], egress=list(rules))


HOST = pod("agent", ip="172.20.0.2", host=True)
DENY = policy("deny", ingress=[])
ONE_DASH = into_b({**spaces("other")}, pods("a"))

# rule id: (objects with a hit, the field at fault, words of the sentence and mend, objects that come near)
CASES: dict[str, tuple[list[Any], str, str, list[Any]]] = {
    "rejected": (world(into_b(ports=[70000])), "spec.ingress[0].ports[0].port", "70000", world(into_b(ports=[7000]))),
    "selector-matches-nothing": (
        world(policy("p", "bb", ingress=[])),
        "spec.podSelector",
        "Did you mean app=b?",
        world(policy("p", "b")),
    ),
    "wrong-namespace": (
        world(policy("p", "c", ingress=[])),
        "metadata.namespace",
        "namespace: other",
        world(policy("p", "c", "other", ingress=[])),
    ),
    "namespace-matches-nothing": (
        world(into_b({"namespaceSelector": {"matchLabels": {"team": "rad"}}})),
        "spec.ingress[0].from[0].namespaceSelector",
        "Did you mean team=red?",
        world(into_b({"namespaceSelector": {"matchLabels": {"team": "red"}}})),
    ),
    "peer-matches-nothing": (
        world(into_b(pods("frontend")), pod("fronted")),
        "spec.ingress[0].from[0].podSelector",
        "Did you mean app=fronted?",
        world(into_b(pods("fronted")), pod("fronted")),
    ),
    "peer-in-other-namespace": (
        world(into_b(pods("c"))),
        "spec.ingress[0].from[0].podSelector",
        "kubernetes.io/metadata.name: other",
        world(into_b({**spaces("other"), **pods("c")})),
    ),
    "one-dash": (
        world(ONE_DASH),
        "spec.ingress[0].from[1]",
        "take away the second dash",
        world(into_b({**spaces("other"), **pods("c")})),
    ),
    "selects-host-network": (
        world(HOST, policy("p", "agent", ingress=[])),
        "spec.podSelector",
        "use their node's network",
        world(pod("agent"), policy("p", "agent", ingress=[])),
    ),
    "service-port": (
        world(service("b", 5000, 8080), into_b(pods("a"), ports=[5000])),
        "spec.ingress[0].ports[0].port",
        "Write `port: 8080`.",
        world(service("b", 5000, 8080), into_b(pods("a"), ports=[8080])),
    ),
    "port-nobody-serves": (
        world(into_b(pods("a"), ports=[8081])),
        "spec.ingress[0].ports[0]",
        "they serve TCP 8080",
        world(into_b(pods("a"), ports=[{"port": 8000, "endPort": 8090}])),
    ),
    "port-name-unknown": (
        world(pod("d", ports=[("grpc", 9000)]), policy("p", "d", ingress=[rule(ports=["grcp"])])),
        "spec.ingress[0].ports[0].port",
        "Did you mean grpc?",
        world(pod("d", ports=[("grpc", 9000)]), policy("p", "d", ingress=[rule(ports=["grpc"])])),
    ),
    "port-name-for-address": (
        world(out_of_a(rule(block("8.8.8.8/32"), side="to", ports=["web"]))),
        "spec.egress[0].ports[0].port",
        "Write the port's number",
        world(out_of_a(rule(block("8.8.8.8/32"), side="to", ports=[443]))),
    ),
    "section-without-type": (
        world(policy("p", "a", policyTypes=["Egress"], ingress=[rule(pods("b"))])),
        "spec.ingress",
        "Add `Ingress`",
        world(policy("p", "a", policyTypes=["Egress"], ingress=[])),
    ),
    "egress-deny-without-type": (
        world(policy("p", "a", egress=[])),
        "spec.egress",
        "policyTypes: [Egress]",
        world(policy("p", "a", egress=[], policyTypes=["Egress"])),
    ),
    "type-twice": (
        world(policy("p", "a", policyTypes=["Ingress", "Ingress"])),
        "spec.policyTypes[1]",
        "Did you mean Egress?",
        world(policy("p", "a", policyTypes=["Ingress", "Egress"])),
    ),
    "empty-list-allows-all": (
        world(policy("p", "b", ingress=[{"from": []}])),
        "spec.ingress[0].from",
        "every peer is allowed",
        world(policy("p", "b", ingress=[{}])),
    ),
    "allows-everything": (
        world(policy("p", "b", ingress=[{}])),
        "spec.ingress[0]",
        "ingress: []",
        world(policy("p", "b", ingress=[])),
    ),
    "deny-in-name-only": (
        world(policy("deny-all", ingress=[{}])),
        "spec.ingress[0]",
        "To deny all write `ingress: []`",
        world(policy("deny-all", ingress=[])),
    ),
    "deny-has-no-effect": (
        world(DENY, policy("open", ingress=[{}])),
        "spec.ingress",
        "no deny wins",
        world(DENY, policy("open", "b", ingress=[{}])),
    ),
    "reply-rule": (
        world(out_of_a(rule(pods("b"), side="to", ports=[{"port": 32768, "endPort": 60999}]))),
        "spec.egress[0].ports[0]",
        "Replies always flow",
        world(out_of_a(rule(pods("b"), side="to", ports=[{"port": 30000, "endPort": 32767}]))),
    ),
    "block-on-pods": (
        world(into_b(block("10.0.0.0/24"))),
        "spec.ingress[0].from[0].ipBlock",
        "Use a podSelector",
        world(into_b(block("10.9.0.0/24"))),
    ),
    "block-on-service": (
        world(service("b", 80, ip="10.96.0.9"), out_of_a(rule(block("10.96.0.0/12"), side="to"))),
        "spec.egress[0].to[0].ipBlock",
        "translated",
        world(out_of_a(rule(block("10.96.0.0/12"), side="to"))),
    ),
    "open-egress": (
        world(out_of_a(rule(side="to", ports=[443]))),
        "spec.egress[0]",
        "any address of the Internet",
        world(out_of_a(rule(block("8.8.8.0/24"), side="to", ports=[443]))),
    ),
    "except-undone": (
        world(into_b(block("8.0.0.0/8", "8.8.0.0/16")), into_b(block("8.8.0.0/15"), name="again")),
        "spec.ingress[0].from[0].ipBlock.except[0]",
        "lets it pass again",
        world(into_b(block("8.0.0.0/8", "8.8.0.0/16")), into_b(block("8.8.8.0/24"), name="part")),
    ),
    "load-balancer-source": (
        world(service("b", 80, 8080, kind="LoadBalancer"), into_b(block("8.8.8.0/24"))),
        "spec.ingress[0].from[0].ipBlock",
        "externalTrafficPolicy: Local",
        world(service("b", 80, 8080, kind="LoadBalancer", externalTrafficPolicy="Local"), into_b(block("8.8.8.0/24"))),
    ),
    "dns-cut-off": (
        world(out_of_a(rule(pods("b"), side="to", ports=[8080]))),
        "spec.egress",
        "UDP and TCP 53",
        world(out_of_a(rule(pods("b"), side="to", ports=[8080]), TO_DNS)),
    ),
    "dns-without-tcp": (
        world(out_of_a(rule(*TO_DNS["to"], side="to", ports=[{"protocol": "UDP", "port": 53}]))),
        "spec.egress",
        "over UDP only",
        world(out_of_a(TO_DNS)),
    ),
    "one-end": (
        world(out_of_a(rule(pods("b"), side="to", ports=[8080])), policy("in", "b", ingress=[])),
        "spec.egress[0].to[0]",
        "Add an ingress rule for default/b",
        world(out_of_a(rule(pods("b"), side="to", ports=[8080])), into_b(pods("a"), ports=[8080])),
    ),
    "redundant-policy": (
        world(into_b(pods("a"), name="one"), into_b(pods("a"), name="two")),
        "metadata.name",
        "two changes nothing",
        world(into_b(pods("a"), name="one"), into_b({**spaces("other"), **pods("c")}, name="two")),
    ),
    "unprotected-pods": (
        world(policy("p", "b", ingress=[])),
        "metadata.name",
        "default (a)",
        world(policy("p", ingress=[]), policy("q", space="other")),
    ),
}


def hits(objects: list[Any], name: str) -> list[Finding]:
    return [one for one in lint(World.of(objects)) if one.id == name]


def test_the_rules_are_known() -> None:
    assert set(CASES) < set(RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_hits(name: str) -> None:
    objects, path, words, _ = CASES[name]
    found = hits(objects, name)
    assert found, f"{name} found nothing"
    assert any(one.path == path and words in f"{one.sentence} {one.mend}" for one in found), found


@pytest.mark.parametrize("name", CASES)
def test_a_near_miss_is_none(name: str) -> None:
    near = CASES[name][3]
    others = [one for one in hits(near, name) if name != "unprotected-pods" or "default" in one.sentence]
    assert not others


@pytest.mark.parametrize("name", CASES)
def test_a_finding_knows_its_place(name: str) -> None:
    objects, path, _, _ = CASES[name]
    text = yaml.safe_dump_all(objects)
    reading = read(text, "shop.yaml")
    found = [one for one in lint(reading.objects) if one.id == name and one.path == path]
    assert found and found[0].file == "shop.yaml" and found[0].line and found[0].column
    line = text.splitlines()[found[0].line - 1]
    key = path.rpartition(".")[2].partition("[")[0]
    assert key in line or line.strip().startswith("-"), (path, line)


def test_findings_come_gravest_first_and_rules_can_be_skipped() -> None:
    objects = world(policy("p", "bb", ingress=[]), policy("q", "b", ingress=[{}]))
    found = lint(objects)
    assert [one.severity for one in found] == sorted(
        (one.severity for one in found), key=["error", "warning", "note"].index
    )
    assert not any(one.id == "allows-everything" for one in lint(objects, skip=["allows-everything"]))


def test_too_few_dashes_are_seen_too() -> None:
    found = hits(world(into_b({**spaces("other"), **pods("a")})), "one-dash")
    assert len(found) == 1 and "its own dash" in found[0].mend


def test_the_email_trap_of_the_shop() -> None:
    objects = [
        deployment("emailservice", ports=[8080]),
        deployment("checkoutservice"),
        service("emailservice", 5000, 8080),
        policy("email-allow-checkout", "emailservice", ingress=[rule(pods("checkoutservice"), ports=[5000])]),
    ]
    assert [one.id for one in lint(objects) if one.severity == "error"] == ["service-port"]


def test_dns_without_knowing_the_dns_pods() -> None:
    manifests: Callable[..., list[Any]] = lambda *rules: [  # noqa: E731
        deployment("a"),
        deployment("b"),
        policy("out", "a", policyTypes=["Egress"], egress=list(rules)),
    ]
    call = rule(pods("b"), side="to", ports=[80])
    assert hits(manifests(call), "dns-cut-off") and not hits(manifests(call, TO_DNS), "dns-cut-off")


def test_pods_that_call_nobody_need_no_dns() -> None:
    quiet = policy("deny", policyTypes=["Egress"])
    assert hits(world(quiet), "dns-cut-off"), "a namespace cut off without a thought of DNS"
    assert not any("b in default" in one.sentence for one in hits(world(quiet, out_of_a(TO_DNS)), "dns-cut-off"))


def test_without_pods_only_the_policy_itself_is_checked() -> None:
    found = lint([policy("p", "b", ingress=[{"from": []}]), policy("q", "x", policyTypes=["Egress"], ingress=[{}])])
    assert {one.id for one in found} == {"allows-everything", "empty-list-allows-all", "section-without-type"}


def test_html_and_text_of_a_finding() -> None:
    one = hits(world(policy("p", "bb", ingress=[])), "selector-matches-nothing")[0]
    assert "selector-matches-nothing" in str(one) and "<code>" in finding_html(one)
    assert one.as_dict()["policy"] == "default/p" and app("a")
