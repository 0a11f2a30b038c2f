"""Explanations: the shortest complete cause, and the precise nearest miss of each policy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from helpers.display.answers import verdict_html
from helpers.policies import NotFound, Verdict, World
from helpers.policies.judging.leading import NoRoute
from helpers.policies.model.addresses import NotAnAddress, parse_cidr

from .build import deployment, namespace, pod, pods, policy, rule, service, spaces
from .worlds import worlds

MAIL = pod("emailservice", ip="10.0.0.1", ports=[("grpc", 8080)])
CHECKOUT, ADS, WEB = pod("checkoutservice", ip="10.0.0.2"), pod("adservice"), pod("web", "shop")
SERVICE = service("emailservice", 5000, 8080, ip="10.96.0.7")
NAME = "kubernetes.io/metadata.name"
SPACES = [namespace("default"), namespace("shop", team="red")]


def explain(source: str, target: str, port: int, *objects: Any, protocol: str = "TCP", **more: Any) -> Verdict:
    world = World.of([*SPACES, MAIL, CHECKOUT, ADS, WEB, SERVICE, *objects])
    assert not world.problems
    return world.explain(source, target, port, protocol, **more)


def into(*rules: Any) -> dict[str, Any]:
    return policy("email-allow", "emailservice", ingress=list(rules))


@pytest.mark.parametrize(
    ("policy_", "source", "port", "protocol", "kind", "reason"),
    [
        (
            into(rule(pods("checkoutservice"))),
            "adservice",
            8080,
            "TCP",
            "peer",
            "allows app=checkoutservice, the caller has app=adservice",
        ),
        (
            into(rule(pods("checkoutservice"), ports=[5000])),
            "checkoutservice",
            8080,
            "TCP",
            "port",
            "allows TCP 5000, 5000 is the port of Service default/emailservice and the pod listens on 8080, its "
            "targetPort",
        ),
        (
            into(rule(ports=[{"port": 8080, "protocol": "UDP"}])),
            "adservice",
            8080,
            "TCP",
            "port",
            "allows UDP 8080, the connection is TCP 8080",
        ),
        (
            into(rule(ports=[80, 443])),
            "adservice",
            8080,
            "TCP",
            "port",
            "allows TCP 80 or TCP 443, the connection is to TCP 8080",
        ),
        (
            into(rule(ports=["http"])),
            "adservice",
            8080,
            "TCP",
            "port",
            "allows the port named http (TCP), default/emailservice has no port of that name (it has grpc)",
        ),
        (
            into(rule(ports=[{"port": "grpc", "protocol": "UDP"}])),
            "adservice",
            8080,
            "UDP",
            "port",
            "allows the port named grpc (UDP), on default/emailservice it is a TCP port",
        ),
        (
            into(rule(ports=["grpc"])),
            "adservice",
            9,
            "TCP",
            "port",
            "allows the port named grpc (TCP), on default/emailservice it is 8080, the connection is to 9",
        ),
        (into(), "adservice", 8080, "TCP", "rules", "has no ingress rule, so it allows nothing"),
        (
            into(rule(pods("web"))),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows app=web, the caller is in namespace shop (a podSelector alone means pods of default)",
        ),
        (
            into(rule({"namespaceSelector": {"matchLabels": {"team": "blue"}}})),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows any pod of namespaces with team=blue, the caller is in namespace shop, which has team=red",
        ),
        (
            into(rule({"namespaceSelector": {"matchLabels": {"env": "x"}}})),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows any pod of namespaces with env=x, the caller is in namespace shop, which has no label env",
        ),
        (
            into(rule({**spaces("shop"), **pods("api")})),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows app=api of namespace shop, the caller has app=web",
        ),
        (
            into(rule({"namespaceSelector": {"matchLabels": {NAME: "shop", "app.k8s.io/name": "x"}}})),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows any pod of namespaces with app.k8s.io/name=x, "
            "kubernetes.io/metadata.name=shop, the caller is in namespace shop, which has no label app.k8s.io/name",
        ),
        (
            into(
                rule(
                    {"namespaceSelector": {"matchExpressions": [{"key": NAME, "operator": "In", "values": ["a", "b"]}]}}
                )
            ),
            "shop/web",
            8080,
            "TCP",
            "peer",
            "allows any pod of namespaces with kubernetes.io/metadata.name in (a, b), the caller is in namespace shop",
        ),
        (
            into(rule(pods("checkoutservic"))),
            "checkoutservice",
            8080,
            "TCP",
            "peer",
            "allows app=checkoutservic, the caller has app=checkoutservice (a typing error?)",
        ),
        (
            into(rule(pods("web"))),
            "8.8.8.8",
            8080,
            "TCP",
            "peer",
            "allows app=web, 8.8.8.8 is an address outside the cluster",
        ),
        (
            into(rule({"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}})),
            "8.8.8.8",
            8080,
            "TCP",
            "peer",
            "allows 8.0.0.0/8 except 8.8.0.0/16, the caller's address 8.8.8.8 is in the exception",
        ),
        (
            into(rule({"ipBlock": {"cidr": "9.0.0.0/8"}})),
            "8.8.8.8",
            8080,
            "TCP",
            "peer",
            "allows 9.0.0.0/8, the caller's address is 8.8.8.8",
        ),
        (
            into(rule({"ipBlock": {"cidr": "fd00::/8"}})),
            "8.8.8.8",
            8080,
            "TCP",
            "peer",
            "allows fd00::/8, the caller has no IPv6 address",
        ),
        (
            into(rule({"ipBlock": {"cidr": "9.0.0.0/8"}})),
            "adservice",
            8080,
            "TCP",
            "peer",
            "allows 9.0.0.0/8, the address of default/adservice isn't known yet",
        ),
        (
            into(rule(pods("checkoutservice"), ports=[80])),
            "adservice",
            8080,
            "TCP",
            "both",
            "allows app=checkoutservice on TCP 80, the caller has app=adservice and the connection is to TCP 8080",
        ),
    ],
)
def test_the_nearest_miss(policy_: Any, source: str, port: int, protocol: str, kind: str, reason: str) -> None:
    verdict = explain(source, "emailservice", port, policy_, protocol=protocol)
    assert not verdict
    assert [(miss.kind, miss.reason) for miss in verdict.misses] == [(kind, reason)]
    assert verdict.sentence.endswith(f"for ingress and {reason}.")


def test_the_nearest_rule_of_a_policy_is_told() -> None:
    verdict = explain(
        "adservice", "emailservice", 8080, into(rule(pods("x"), ports=[1]), rule(pods("adservice"), ports=[1]))
    )
    assert verdict.misses[0].rule == "spec.ingress[1]"


def test_the_nearest_policy_comes_first_and_the_others_are_counted() -> None:
    many = [policy(f"far{number}", "emailservice", ingress=[rule(pods("x"), ports=[1])]) for number in range(9)]
    verdict = explain("adservice", "emailservice", 8080, *many, into(rule(pods("adservice"), ports=[80])))
    assert verdict.misses[0].policy == "default/email-allow" and len(verdict.misses) == 10
    assert "9 more come no nearer" in verdict.sentence and len(verdict.sentence) < 500


def test_selectors_come_nearer_to_a_pod_than_blocks() -> None:
    outside = policy(
        "a-outside", "emailservice", ingress=[rule({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}})]
    )
    verdict = explain("checkoutservice", "emailservice", 8080, outside, into(rule({**spaces("shop"), **pods("x")})))
    assert [miss.policy for miss in verdict.misses] == ["default/email-allow", "default/a-outside"]


def test_both_ends_are_told() -> None:
    out = policy("out", "adservice", policyTypes=["Egress"])
    verdict = explain("adservice", "emailservice", 8080, out, into(rule(pods("x"))))
    assert verdict.policies == ("default/out", "default/email-allow")
    assert "for egress" in verdict.sentence and "for ingress" in verdict.sentence


def test_an_allowed_connection_names_the_rules_that_let_it_pass() -> None:
    out = policy("out", "checkoutservice", egress=[rule(side="to")])
    allow = into(rule(pods("x")), rule(pods("checkoutservice")))
    verdict = explain("checkoutservice", "emailservice", 8080, out, allow)
    assert verdict.sentence == (
        "default/checkoutservice → default/emailservice TCP 8080 is allowed: default/out "
        "spec.egress[0] lets it out and default/email-allow spec.ingress[1] lets it in."
    )
    assert verdict.policies == ("default/out", "default/email-allow") and not verdict.misses
    assert explain("adservice", "shop/web", 80).sentence.endswith("is allowed: no policy isolates either end.")


def test_through_a_service_the_port_is_translated() -> None:
    verdict = explain("adservice", "emailservice", 5000, service="emailservice")
    assert verdict.port == 8080 and any("translated" in note for note in verdict.notes)
    assert explain("adservice", "10.96.0.7", 5000).target == "default/emailservice"


@pytest.mark.parametrize("name", ["mail", "default/mail", "service/mail", "svc/mail", "default/service/mail"])
def test_a_target_may_be_a_service(name: str) -> None:
    verdict = explain("adservice", name, 25, service_named("mail"))
    assert verdict.target == "default/emailservice" and verdict.port == 8080
    assert explain("adservice", "service/emailservice", 5000).port == 8080
    with pytest.raises(NotFound, match="no Service called 'mial'"):
        explain("adservice", "service/mial", 25)


def service_named(name: str) -> dict[str, Any]:
    return service(name, 25, 8080, app="emailservice")


def test_asking_for_the_services_port_of_a_pod_is_pointed_out() -> None:
    verdict = explain("adservice", "emailservice", 5000, into(rule(ports=[8080])))
    assert any("5000 is the port of Service default/emailservice" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("target", "port", "words"),
    [("emailservice", 81, "has no port TCP 81; it has TCP 5000"), ("adservice", 5000, "doesn't select")],
)
def test_a_service_that_does_not_lead_there(target: str, port: int, words: str) -> None:
    with pytest.raises(NoRoute, match=words):
        explain("adservice", target, port, service="emailservice")


@pytest.mark.parametrize("name", ["emailservic", "shop/wb", "nothing-like-it", "", "/", "a/b/c/d", "x" * 10_000])
def test_unknown_names_are_told_with_near_ones(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        explain("adservice", name, 80)
    message = str(caught.value)
    assert "there is no pod or workload" in message
    assert ("did you mean" in message) is (name in ("emailservic", "shop/wb"))


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("nobody", "There is no pod or workload called 'nobody'. `kubectl get pods` lists what there is."),
        (
            "emailservic",
            "There is no pod or workload called 'emailservic'; did you mean default/emailservice or default/adservice?",
        ),
        ("service/nobody", "There is no Service called 'nobody'. `kubectl get services` lists what there is."),
    ],
)
def test_ipython_shows_a_sentence(target: str, shown: str) -> None:
    with pytest.raises(NotFound) as caught:
        explain("adservice", target, 80)
    assert caught.value._render_traceback_() == [shown]


def test_ipython_shows_a_sentence_for_addresses_and_routes_too() -> None:
    with pytest.raises(NotAnAddress) as address:
        parse_cidr("10.0.0.0")
    assert address.value.sentence == (
        "'10.0.0.0' is no IP address and no block of them: write 10.0.0.1 or 10.0.0.0/8, for example."
    )
    with pytest.raises(NoRoute) as route:
        explain("checkoutservice", "emailservice", 81, service="emailservice")
    assert route.value.sentence == (
        "Service default/emailservice has no port TCP 81; it has TCP 5000. "
        "`kubectl get services -o wide` lists their ports and selectors."
    )


def test_names_of_pods_workloads_and_kinds() -> None:
    replica = pod("web-5d4-x", labels={"app": "web", "pod-template-hash": "5d4"})
    replica["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "web-5d4", "controller": True}]
    world = World.of([deployment("web"), replica])
    for name in ("web", "default/web", "deployment/web", "default/deployment/web", "web-5d4-x"):
        assert world.pod(name).key == "default/web-5d4-x"
    assert world.pod("web").workload_key == "default/web[Deployment]"


def test_as_data_and_html() -> None:
    verdict = explain("adservice", "emailservice", 8080, into(rule(pods("checkoutservice"))))
    data = verdict.as_dict()
    assert data["allowed"] is False and data["ingress"]["isolating"] == ["default/email-allow"]
    assert data["misses"][0]["reason"] and data["egress"]["isolated"] is False
    html = verdict_html(verdict)
    assert "leaves adservice: not isolated, no policy selects this end" in html and "default/" not in html
    assert "enters emailservice: isolated for ingress by email-allow" in html
    assert "<b>email-allow</b> wants app=checkoutservice; the caller has app=adservice" in html
    assert "outside the cluster: no policy applies to it" in verdict_html(explain("8.8.8.8", "emailservice", 8080))
    assert "✗ denied" in html and "app=checkoutservice" in html and repr(verdict) == verdict.sentence


def test_a_pods_hash_is_small_and_a_foreign_namespace_stays() -> None:
    mail = pod("emailservice-7d9f8b6c5d-x2x4z", labels={"app": "emailservice"})
    html = verdict_html(
        World.of([mail, pod("web", "shop", labels={"app": "web"})]).explain("shop/web", mail["metadata"]["name"], 1)
    )
    assert " → emailservice<small>-7d9f8b6c5d-x2x4z</small>" in html and "shop/web" in html


def test_names_in_html_are_escaped() -> None:
    evil = pod("x", labels={"app": "<script>"})
    verdict = World.of([evil, MAIL, into(rule(pods("y")))]).explain("x", "emailservice", 1)
    assert "<script>" not in verdict_html(verdict)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_explaining_agrees_with_judging_everywhere(objects: list[dict[str, Any]]) -> None:
    world = World.of(objects)
    ends = [*(one.key for one in world.pods), "8.8.8.8", "fd00::9"]
    for source in ends:
        for target in ends[: len(world.pods)]:
            verdict, short = world.explain(source, target, 80), world.judge(source, target, 80)
            assert verdict.allowed is short.allowed and verdict.policies == short.policies
            denied = [side for side in (verdict.egress, verdict.ingress) if not side.allowed and not side.note]
            assert len(verdict.misses) == sum(len(side.isolating) for side in denied)
            assert verdict.sentence and verdict_html(verdict) and verdict.as_dict()
