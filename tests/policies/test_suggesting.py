"""Suggestions: from manifests, from flows, from both; in both styles; proven exact by the matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.display.answers import suggestion_html
from helpers.policies import Suggestion, World, lint, suggest, validate
from helpers.policies.writing.proving import Proof

from .build import deployment, namespace, pod, policy, service

ROOT = Path(__file__).resolve().parents[2]
SHOP = list(yaml.safe_load_all((ROOT / "helpers/boutique/manifests/hipster-shop.yaml").read_text()))
DNS = [namespace("kube-system"), pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip="10.244.0.2")]


def names(suggestion: Suggestion) -> list[str]:
    return [item["metadata"]["name"] for item in suggestion.policies]


def short(suggestion: Suggestion) -> list[str]:
    """The arrows as `source target port`."""
    tail = [
        (one.source.rpartition("/")[2].partition("[")[0], one.target.rpartition("/")[2].partition("[")[0], one.port)
        for one in suggestion.arrows
    ]
    return [f"{source} {target} {port}" for source, target, port in tail]


@pytest.mark.parametrize("style", ["arrow", "workload"])
@pytest.mark.parametrize("limits", [{}, {"egress": False}, {"ingress": False}, {"dns": False}])
def test_the_shop_gets_its_seventeen_arrows_and_nothing_more(style: str, limits: Any) -> None:
    found = suggest([*SHOP, *DNS], style=style, **limits)
    assert len(found.arrows) == 17 and found.proof.exact
    assert all(validate(item) == [] for item in found.policies)
    after = World.of([*SHOP, *DNS, *found.policies])
    if "ingress" not in limits:
        assert after.judge("checkoutservice", "emailservice", 8080)
        assert not after.judge("checkoutservice", "emailservice", 5000)
        assert not after.judge("adservice", "shippingservice", 50051)
        assert after.judge("198.51.100.1", "frontend", 8080) and not after.judge("198.51.100.1", "adservice", 9555)
    if not limits:
        assert after.judge("frontend", "kube-system/coredns-1", 53, "UDP")
        assert not after.judge("frontend", "8.8.8.8", 443)


def test_policies_are_named_as_in_the_course() -> None:
    found = suggest(SHOP, egress=False)
    assert {
        "shipping-allow-checkout",
        "shipping-allow-frontend",
        "redis-cart-allow-cart",
        "email-allow-checkout",
        "frontend-allow-outside",
    } < set(names(found))
    assert "checkout-to-shipping" in names(suggest(SHOP))
    assert "shippingservice" in names(suggest(SHOP, style="workload"))
    allow = next(item for item in found.policies if item["metadata"]["name"] == "shipping-allow-checkout")
    assert allow["spec"]["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"app": "checkoutservice"}}}],
            "ports": [{"protocol": "TCP", "port": 50051}],
        }
    ]


def test_suggestions_pass_the_lint() -> None:
    found = suggest([*SHOP, *DNS])
    assert [one for one in lint([*SHOP, *DNS, *found.policies]) if one.severity != "note"] == []


def test_the_yaml_can_be_read_back() -> None:
    found = suggest(SHOP)
    assert tuple(yaml.safe_load_all(found.yaml())) == found.policies and str(found) == found.yaml()
    assert "17 arrows" in repr(found) and found.as_dict()["proof"]["exact"]


def test_a_suggestion_reads_as_the_rest_of_the_course_does() -> None:
    found = suggest([*SHOP, *DNS])
    shown = suggestion_html(found)
    assert "policies for 17 arrows.</strong> Checked by the matrix: they allow these arrows and nothing more." in shown
    assert shown.count("<li>") == len(found.policies) and "<li>ad-allow-frontend</li>" in shown
    lines = list(map(str, found.arrows))
    assert "checkoutservice → emailservice TCP 8080" in lines and "the outside world → frontend TCP 8080" in lines
    assert found.as_dict()["arrows"][0]["source"] == "default/cartservice[Deployment]", "data keeps whole names"


def test_a_suggestion_that_is_not_exact_says_so_and_escapes_names() -> None:
    found = Suggestion(({"metadata": {"namespace": "x", "name": "<b>"}},), (), (), Proof(("a",), ()))
    shown = suggestion_html(found)
    assert "the matrix lacks 1 and has 0 more, as <code>.proof</code> lists." in shown and "x/&lt;b&gt;" in shown


A = service("a", 80, 8080)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"env": {"A_ADDR": "a:80"}}, ["b a 8080"]),
        ({"env": {"A_URL": "http://a/path?x=1"}}, ["b a 8080"]),
        ({"env": {"A_URL": "http://user:secret@a.default.svc.cluster.local:80/"}}, ["b a 8080"]),
        ({"env": {"A_HOST": "a", "A_PORT": "80"}}, ["b a 8080"]),
        ({"env": {"A_HOST": "a"}}, ["b a 8080"]),
        ({"env": {"NAME": "a"}}, []),
        ({"env": {"A_ADDR": "a:81"}}, []),
        ({"env": {"LIST": "x, a:80; y"}}, ["b a 8080"]),
        ({"args": ["--upstream=a:80"]}, ["b a 8080"]),
        ({"command": ["serve", "http://a:80"]}, ["b a 8080"]),
        ({"env": {"A_ADDR": "8.8.8.8:443"}}, ["b 8.8.8.8 443"]),
        ({"env": {"TIME": "10:30", "VERSION": "1.2.3", "SHA": "sha256:80"}}, []),
        ({"env": {"LOCAL": "localhost:80"}}, []),
    ],
)
def test_addresses_are_found(container: Any, expected: list[str]) -> None:
    found = suggest([A, deployment("a", ports=[8080]), deployment("b", **container)])
    assert short(found) == expected and found.proof.exact


def test_addresses_in_config_maps_are_found() -> None:
    maps = [{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"target": "a:80"}}]
    uses: list[dict[str, Any]] = [
        {"envFrom": [{"configMapRef": {"name": "c"}}]},
        {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "target"}}}]},
    ]
    for use in uses:
        item = deployment("b")
        item["spec"]["template"]["spec"]["containers"][0].update(use)
        assert short(suggest([A, deployment("a", ports=[8080]), item, *maps])) == ["b a 8080"]
    item = deployment("b")
    item["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "c"}}]
    assert short(suggest([A, deployment("a", ports=[8080]), item, *maps])) == ["b a 8080"]


def test_notes_tell_what_could_not_become_an_arrow() -> None:
    found = suggest(
        [
            A,
            deployment("a", ports=[8080]),
            deployment("b", env={"ONE_ADDR": "aa:80", "TWO_ADDR": "a:81", "FAR": "https://api.example.com/"}),
        ]
    )
    assert any("there is no such Service" in note for note in found.notes)
    assert any("Service default/a has 80" in note for note in found.notes)
    assert any("api.example.com" in note and "ipBlock" in note for note in found.notes)


def test_other_namespaces_and_ambiguous_labels() -> None:
    objects = [
        namespace("x"),
        service("a", 80, 8080, "x"),
        deployment("a", "x", ports=[8080]),
        deployment("b", env={"A_ADDR": "a.x:80"}),
    ]
    found = suggest(objects)
    assert found.proof.exact and {"a-allow-default-b", "b-to-x-a"} < set(names(found))
    two = [deployment("a", ports=[8080]), deployment("b", env={"A_ADDR": "a:80"}), deployment("c"), A]
    for item in two[:3]:
        item["spec"]["template"]["metadata"]["labels"] = {"app": item["metadata"]["name"], "tier": "x"}
    two[2]["spec"]["template"]["metadata"]["labels"] = {"app": "b", "tier": "x"}
    found = suggest(two)
    assert any("No labels tell" in note for note in found.notes) and not found.proof.exact
    assert found.proof.extra and "lacks" in found.proof.sentence


def test_an_ingress_object_opens_its_backend_to_the_outside() -> None:
    item = {
        "kind": "Ingress",
        "metadata": {"name": "i"},
        "spec": {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]},
    }
    found = suggest([A, deployment("a", ports=[8080]), item])
    assert short(found) == ["{ingress-controller} a 8080"] and found.proof.exact


def flow(source: Any, target: Any, port: int, **more: Any) -> dict[str, Any]:
    def end(name: Any) -> dict[str, Any]:
        if isinstance(name, dict):
            return name
        return {
            "kind": "Pod",
            "namespace": "default",
            "name": name,
            "address": "10.244.0.9",
            "labels": {"app": name, "pod-template-hash": "x"},
        }

    return {
        "kind": "Flow",
        "source": end(source),
        "target": end(target),
        "port": port,
        "protocol": "TCP",
        "verdict": "allowed",
        "policies": [],
        "attempts": 2,
        "dns": False,
        **more,
    }


LIVE = [pod("a", ip="10.244.0.1"), pod("b", ip="10.244.0.2"), pod("c", ip="10.244.0.3"), *DNS]
OUTSIDE = {"kind": "External", "address": "198.51.100.1"}


def test_from_flows() -> None:
    flows = [
        flow("a", "b", 80),
        flow("a", "b", 80),
        flow("b", "c", 90, verdict="denied"),
        flow("a", DNS[1], 53, dns=True),
        flow("b", {"kind": "External", "address": "8.8.8.8"}, 443),
        flow("gone", "b", 80),
        flow("a", "b", 0),
        {"verdict": "allowed"},
    ]
    found = suggest(LIVE, flows, declarations=False)
    assert short(found) == ["a b 80", "b 8.8.8.8 443"] and found.proof.exact
    assert [one.field for one in found.arrows[0].evidence] == ["4 flows"]
    assert any("default/gone" in note for note in found.notes)
    assert short(suggest(LIVE, flows, declarations=False, verdicts=("allowed", "denied"))) == [
        "a b 80",
        "b 8.8.8.8 443",
        "b c 90",
    ]


def test_a_flow_of_a_replaced_pod_counts_for_its_successor() -> None:
    new = pod("a-2", labels={"app": "a", "pod-template-hash": "2"})
    old = flow(
        {"kind": "Pod", "namespace": "default", "name": "a-1", "labels": {"app": "a", "pod-template-hash": "1"}},
        "b",
        80,
    )
    assert short(suggest([new, pod("b")], [old], declarations=False)) == ["a-2 b 80"]


def test_an_outside_caller_of_a_public_service_means_anyone() -> None:
    public = service("b", 80, kind="LoadBalancer")
    through = flow(
        OUTSIDE, {"kind": "Pod", "namespace": "default", "name": "b", "labels": {}, "service": "default/b"}, 80
    )
    assert short(suggest([*LIVE, public], [through], declarations=False)) == ["outside b 80"]
    assert short(suggest(LIVE, [flow(OUTSIDE, "b", 80)], declarations=False)) == ["198.51.100.1 b 80"]


def test_both_sources_are_compared() -> None:
    objects = [deployment("a", env={"B": "b:80"}), deployment("b"), service("b", 80), deployment("c")]
    found = suggest(objects, [flow("a", "c", 90)])
    assert short(found) == ["a b 80", "a c 90"] and found.proof.exact
    assert any("was not seen in the flow log" in note for note in found.notes)
    assert any("is declared nowhere" in note for note in found.notes)


def test_policies_of_other_namespaces_stay() -> None:
    other = [namespace("x"), pod("o", "x"), policy("keep", space="x", policyTypes=["Ingress"])]
    found = suggest([*SHOP, *other], namespaces=["default"])
    assert found.proof.exact and {item["metadata"]["namespace"] for item in found.policies} == {"default"}


def test_host_network_pods_are_told() -> None:
    found = suggest([pod("agent", host=True, ip="172.20.0.2"), pod("a", ip="10.244.0.1")])
    assert any("uses its node's network" in note for note in found.notes) and found.proof.exact


def test_a_wrong_style_is_refused() -> None:
    with pytest.raises(ValueError, match="'arrow' or 'workload'"):
        suggest([], style="baroque")


APPS = ("one", "two", "three", "four")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(APPS), st.sampled_from(APPS), st.sampled_from((80, 443, 8080))), max_size=8),
    st.dictionaries(st.sampled_from(APPS), st.sampled_from(("x", "y")), min_size=1),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_random_applications_are_proven(
    calls: list[tuple[str, str, int]], where: dict[str, str], ingress: bool, egress: bool, by_arrow: bool
) -> None:
    ends = {name: {"kind": "Pod", "namespace": where.get(name, "x"), "name": name, "labels": {}} for name in APPS}
    flows = [flow(ends[source], ends[target], port) for source, target, port in calls]
    pods = [pod(name, where.get(name, "x"), ip=f"10.244.0.{number}") for number, name in enumerate(APPS, 1)]
    if not ingress and not egress:
        return
    found = suggest(
        [*pods, *DNS],
        flows,
        declarations=False,
        style="arrow" if by_arrow else "workload",
        ingress=ingress,
        egress=egress,
    )
    assert found.proof.exact, (found.proof, found.yaml())
