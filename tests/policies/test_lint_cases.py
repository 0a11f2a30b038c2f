"""Selectors and what isn't in the input: where the linter was wrong, and neighbours of that."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import lint

from .build import app, deployment, namespace, pod, pods, policy, rule, spaces
from .linted import ANY_SPACE, DNS, TO_DNS, UDP, hits, ids, said, sends

# One dash too many or too few

OUTER = {"namespaceSelector": {"matchLabels": {"team": "outer"}}}
GATE = [
    namespace("gate"),
    namespace("outer", team="outer"),
    pod("db", "gate", ports=[5432]),
    pod("lister", "outer"),
    pod("stranger", "outer"),
]


def into_db(*peers: Any) -> Any:
    return policy("db", "db", "gate", ingress=[rule(*peers, ports=[5432])])


@pytest.mark.parametrize(
    "peers",
    [
        (OUTER, pods("lister")),
        (pods("lister"), OUTER),
        ({"ipBlock": {"cidr": "203.0.113.0/24"}}, OUTER, pods("lister")),
    ],
)
def test_two_items_where_one_was_meant_are_counted_by_labels(peers: tuple[Any, ...]) -> None:
    text = said("one-dash", *GATE, into_db(*peers))
    assert "2 pods" in text and "1 pod." in text and "take away the second dash" in text
    assert not hits("peer-in-other-namespace", *GATE, into_db(*peers)), "its advice would leave the stranger in"
    assert ids(*GATE, into_db({**OUTER, **pods("lister")})) == []


def test_the_count_is_right_where_both_halves_fit_pods() -> None:
    text = said("one-dash", *GATE, pod("lister", "gate"), into_db(OUTER, pods("lister")))
    assert "3 pods. In one item, both would have to hold: 1 pod." in text


def test_two_items_that_mean_two_things_are_a_note() -> None:
    assert hits("one-dash", *GATE, pod("web", "gate"), into_db(OUTER, pods("web")))[0].severity == "note"
    assert hits("one-dash", *GATE, pod("lister", "gate"), into_db(OUTER, pods("lister")))[0].severity == "warning"


def test_three_items_are_told_once_a_half() -> None:
    again = {"namespaceSelector": {"matchLabels": {"team": "other"}}}
    assert (
        len(
            hits(
                "one-dash",
                *GATE,
                namespace("other", team="other"),
                pod("x", "other"),
                into_db(OUTER, pods("lister"), again),
            )
        )
        == 1
    )


def test_the_same_pods_either_way_are_no_mistake() -> None:
    only = [namespace("gate"), namespace("outer", team="outer"), pod("db", "gate"), pod("lister", "outer")]
    assert not hits("one-dash", *only, into_db(OUTER, pods("lister")))


def test_one_item_where_two_were_meant() -> None:
    text = said("one-dash", *GATE, pod("web", "gate"), into_db({**OUTER, **pods("web")}))
    assert "each half by itself" in text and "its own dash" in text
    assert not hits("one-dash", *GATE, into_db({**OUTER, **pods("web")})), "no pod has the label at all"


# What isn't in the input

CHART = [deployment("api", ports=[("http", 8080), ("metrics", 9090)]), deployment("db", ports=[5432])]
NGINX = {**spaces("ingress-nginx"), "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}}}


def test_a_chart_alone_speaks_of_other_namespaces() -> None:
    found = lint(
        [
            *CHART,
            policy("deny", policyTypes=["Ingress", "Egress"]),
            policy("api", "api", ingress=[rule(NGINX, ports=["http"]), rule(spaces("monitoring"), ports=["metrics"])]),
            policy("db", "db", ingress=[rule(pods("api"), ports=[5432])]),
            policy(
                "out",
                policyTypes=["Egress"],
                egress=[
                    rule(pods("db"), side="to", ports=[5432]),
                    rule(
                        {**ANY_SPACE, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}},
                        side="to",
                        ports=[UDP, 53],
                    ),
                ],
            ),
        ]
    )
    assert [(one.id, one.severity) for one in found] == [("not-in-the-input", "note")]
    for word in ("ingress-nginx", "monitoring", "k8s-app=kube-dns"):
        assert word in found[0].sentence


def test_the_dns_alone_is_not_worth_a_word() -> None:
    assert ids(*CHART, sends("api", TO_DNS, rule(pods("db"), side="to", ports=[5432]))) == []


@pytest.mark.parametrize("objects", [[namespace("team-a"), namespace("team-b")], []])
def test_policies_before_the_pods_of_their_namespace(objects: list[Any]) -> None:
    found = lint(
        [
            *objects,
            pod("web", "team-b"),
            policy("deny", None, "team-a", policyTypes=["Ingress", "Egress"]),
            policy("same", None, "team-a", ingress=[rule({"podSelector": {}})]),
            policy("web", "web", "team-a", ingress=[rule(pods("web"))]),
        ],
        ["unprotected-pods"],
    )
    assert [(one.id, one.severity) for one in found] == [("not-in-the-input", "note")]
    assert "the pods of namespace team-a" in found[0].sentence


def test_a_misspelt_namespace_is_an_error_all_the_same() -> None:
    assert "namespace: shop" in said("wrong-namespace", pod("web", "shop"), policy("web", "web", "shpo", ingress=[]))
    assert "namespace: shop" in said("wrong-namespace", pod("web", "shop"), pod("x"), policy("web", "web", ingress=[]))


@pytest.mark.parametrize(
    "peer",
    [
        ANY_SPACE,
        spaces("kube-system"),
        {"namespaceSelector": {"matchLabels": {"name": "kube-system"}}},
        {"namespaceSelector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}},
    ],
)
@pytest.mark.parametrize("port", [UDP, {"port": 53}, {"port": 443}, {"port": 9153}])
def test_ports_of_pods_that_are_not_there_are_not_judged(peer: Any, port: Any) -> None:
    here = [deployment("controller", "ctl", ports=[8080]), deployment("agent", "kube-system", ports=[61678])]
    out = sends("controller", rule(peer, side="to", ports=[port]), TO_DNS, space="ctl")
    assert not {"port-nobody-serves", "service-port", "peer-matches-nothing"} & set(ids(*here, out))


def test_in_a_whole_cluster_they_are() -> None:
    out = sends("controller", rule(ANY_SPACE, side="to", ports=[443]), TO_DNS)
    text = said("port-nobody-serves", pod("controller", ports=[8080]), DNS, out)
    assert "Kubernetes API" in text and "ipBlock" in text


def test_the_api_server_is_allowed_by_its_address() -> None:
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "ports": [{"name": "https", "port": 6443}],
        "endpoints": [{"addresses": ["172.18.0.2"]}],
    }
    api = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
    }
    here = [deployment("controller"), endpoints, api]
    by = {
        cidr: sends("controller", rule({"ipBlock": {"cidr": cidr}}, side="to", ports=[port]), TO_DNS)
        for cidr, port in (("172.18.0.2/32", 6443), ("10.96.0.1/32", 443))
    }
    assert ids(*here, by["172.18.0.2/32"]) == []
    assert "ipBlock 172.18.0.2/32, port 6443" in said("block-on-service", *here, by["10.96.0.1/32"])
    assert "kubectl get endpointslices" in said("block-on-service", deployment("controller"), api, by["10.96.0.1/32"])


def test_a_selector_of_pods_that_an_operator_makes_is_a_note() -> None:
    found = hits(
        "selector-matches-nothing",
        pod("client"),
        policy("server", "server", ingress=[]),
        policy("other", "operated", ingress=[]),
    )
    assert [one.severity for one in found] == ["note"], "one sentence for all of a namespace"
    assert "server" in found[0].sentence and "operated" in found[0].sentence


@pytest.mark.parametrize(
    ("wanted", "here", "near"),
    [
        ("fronted", "frontend", "app=frontend"),
        ("web", "wbe", "app=wbe"),
        ("cart-service", "cartservice", "app=cartservice"),
        ("recommend-tion", "recommendation", "app=recommendation"),
        ("pymnts", "payments", "app=payments"),
        ("pymetn", "payment", ""),
        ("ab", "ba", "app=ba"),
        ("ab", "ac", ""),
        ("a", "b", ""),
        ("front-1-end", "front-2-end", ""),
        ("red-end", "rd-end", "app=rd-end"),
        ("front-end", "front-middle-end", ""),
        ("CART", "cart", "app=cart"),
        ("team-a", "team-b", ""),
        ("db-1", "db-2", ""),
        ("v1", "v2", ""),
        ("web", "mobile", ""),
        ("api", "payments", ""),
        ("kube-dns", "node-agent", ""),
        ("eu", "us", ""),
        ("prod", "preprod", ""),
        ("", "web", ""),
    ],
)
def test_only_a_typing_error_is_near(wanted: str, here: str, near: str) -> None:
    found = hits("selector-matches-nothing", pod(here), policy("p", wanted, ingress=[]))[0]
    assert found.severity == ("error" if near else "note")
    assert ("Did you mean" in found.mend) == bool(near) and near in found.mend


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [("app.kubernetes.io/name", "web", "app=web"), ("component", "true", ""), ("env", "prod", ""), ("size", "1", "")],
)
def test_the_same_value_under_another_key_is_near_if_it_says_something(key: str, value: str, near: str) -> None:
    labels = {"app": "web", "enabled": "true", "stage": "prod", "shard": "1"}
    found = hits(
        "selector-matches-nothing", pod("web", labels=labels), policy("p", {"matchLabels": {key: value}}, ingress=[])
    )[0]
    assert found.severity == ("error" if near else "note") and near in found.mend


def test_a_misspelt_key_is_near() -> None:
    exists = {"matchExpressions": [{"key": "comopnent", "operator": "Exists"}]}
    assert "component" in said(
        "selector-matches-nothing", pod("a", labels={"component": "x"}), policy("p", exists, ingress=[])
    )


def test_a_namespace_without_the_label_that_is_asked_for() -> None:
    here = [namespace("tools"), pod("web"), pod("tool", "tools")]
    text = said(
        "namespace-matches-nothing",
        *here,
        policy("p", "web", ingress=[rule({"namespaceSelector": {"matchLabels": {"name": "tools"}}})]),
    )
    assert "Did you mean kubernetes.io/metadata.name=tools?" in text


@pytest.mark.parametrize("name", ["monitoring", "team-c"])
def test_a_namespace_that_is_not_there_is_no_misspelling(name: str) -> None:
    here = [namespace("team-a"), namespace("team-b"), pod("web", "team-a"), pod("x", "team-b")]
    assert ids(*here, policy("p", "web", "team-a", ingress=[rule(spaces(name))])) == ["not-in-the-input"]
    whole = [*here, DNS, policy("p", "web", "team-a", ingress=[rule(spaces(name))])]
    assert "no namespace has that" in said("namespace-matches-nothing", *whole)
    assert not hits("not-in-the-input", *whole)


def test_a_peer_that_nobody_fits_is_told_once() -> None:
    found = hits(
        "peer-matches-nothing",
        pod("a"),
        pod("b"),
        policy("p", "a", ingress=[rule(pods("operated"))]),
        policy("q", "b", ingress=[rule(pods("operated"))]),
    )
    assert len(found) == 1 and found[0].severity == "note"
    assert "default/p" in found[0].sentence and "default/q" in found[0].sentence
    elsewhere = [pod("a", "other"), policy("p", "a", "other", ingress=[rule(pods("operated"))])]
    assert (
        len(hits("peer-matches-nothing", pod("a"), policy("p", "a", ingress=[rule(pods("operated"))]), *elsewhere)) == 2
    ), "the pods of two namespaces are two peers"


def test_an_end_that_cannot_be_seen_stops_nothing() -> None:
    server = policy("server", "server", ingress=[rule(pods("client"), ports=[9090])])
    assert not hits("one-end", pod("client"), sends("client", {}), server)
    assert not hits("one-end", pod("client"), sends("client", rule(pods("server"), side="to")), server)
    assert hits("one-end", pod("client"), pod("server"), sends("client"), server)


def test_a_namespace_object_without_a_name_is_passed_over() -> None:
    for broken in (
        {"kind": "Namespace"},
        {"kind": "Namespace", "metadata": []},
        {"kind": "Namespace", "metadata": {"name": ""}},
    ):
        assert "not-in-the-input" in ids(pod("web"), broken, policy("p", "web", ingress=[rule(spaces("tools"))]))


def test_the_cluster_itself_is_seldom_in_the_input() -> None:
    """A pod template of kube-system makes no whole cluster, a running pod does; the same for its namespaces' pods."""
    peer = {**spaces("kube-system"), "podSelector": app("metrics")}
    made = policy("p", "web", ingress=[rule(peer)])
    assert ids(pod("web"), deployment("agent", "kube-system"), made) == ["not-in-the-input"]
    assert ids(pod("web"), DNS, made) == ["peer-matches-nothing"]


def test_a_namespace_by_label_is_known_if_it_is_there_with_its_pods() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "red"}}, **pods("tool")}
    made = policy("p", "web", ingress=[rule(peer)])
    red = namespace("tools", team="red")
    assert ids(pod("web"), red, made) == ["not-in-the-input"]
    assert ids(pod("web"), red, pod("other", "tools"), made) == ["peer-matches-nothing"]
    assert ids(pod("web"), red, pod("tool", "tools"), made) == []


def test_what_is_absent_is_listed_once() -> None:
    made = [policy(name, "web", ingress=[rule(spaces("tools"))]) for name in ("p", "q")]
    text = said("not-in-the-input", pod("web"), *made, policy("x", None, "team-a"), policy("y", None, "team-b"))
    assert text.count("namespace tools") == 1 and "the pods of namespaces team-a and team-b" in text
