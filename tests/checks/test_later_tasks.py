"""The tasks of notebooks 05 to 09: each mistake earns its own hint, the course's own policies pass."""

from typing import Any

import pytest
from support.situations import BROKEN, CLUSTER, DENY, EGRESS, INGRESS, MONITORING, Json, applied, namespace

from helpers.lab.course.checks import Situation, judge
from helpers.policies import suggest


def policy(spec: Json, name: str = "mine", where: str = "default") -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": where},
        "spec": spec,
    }


def app(name: str) -> Json:
    return {"podSelector": {"matchLabels": {"app": name}}}


def changed(policies: list[Json], name: str, spec: Json | None = None) -> list[Json]:
    """The policies with one of them replaced, or taken out."""
    rest = [item for item in policies if item["metadata"]["name"] != name]
    assert len(rest) == len(policies) - 1
    return rest + ([policy(spec, name)] if spec else [])


def answer(task: str, *objects: Json) -> str:
    found = judge(task, Situation(tuple(objects), again=True))
    assert found.text.endswith((".", "?")) and found.passed == (not found.mistake), found
    return found.mistake


EMAIL_AT_THE_SERVICES_PORT: Json = {
    **app("emailservice"),
    "ingress": [{"from": [app("checkoutservice")], "ports": [{"port": 5000}]}],
}


@pytest.mark.parametrize(
    ("policies", "mistake"),
    [
        ([], "nothing-yet"),
        (INGRESS, ""),
        ([*INGRESS, DENY], ""),
        ([*INGRESS, *EGRESS], ""),
        ([DENY], "no-rule"),
        (INGRESS[1:], "caller-missing"),
        (changed(INGRESS, "email-allow-checkout", EMAIL_AT_THE_SERVICES_PORT), "service-port"),
        ([*changed(INGRESS, "redis-cart-allow-cart"), BROKEN[0]], "from-everyone"),
        ([*changed(INGRESS, "productcatalog-allow-recommendation"), BROKEN[1]], "caller-unknown"),
        ([*changed(INGRESS, "ad-allow-frontend"), BROKEN[2]], "caller-missing"),
        (changed(INGRESS, "frontend-allow-outside"), "no-outside"),
        (
            [
                *INGRESS,
                policy(
                    {
                        **app("adservice"),
                        "ingress": [{"from": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": [{"port": 9555}]}],
                    }
                ),
            ],
            "outside",
        ),
        ([*INGRESS, policy({**app("redis-cart"), "ingress": [{"from": [{"namespaceSelector": {}}]}]})], "elsewhere"),
        ([*INGRESS, policy({**app("redis-cart"), "ingress": [{"from": [app("newcomer")]}]})], "newcomer"),
        ([*INGRESS, policy({**app("emailservice"), "ingress": [{"from": [app("checkoutservice")]}]})], "no-ports"),
    ],
)
def test_the_collection(policies: list[Json], mistake: str) -> None:
    assert answer("05-collection", *CLUSTER, *policies) == mistake


OPEN_REDIS = policy({**app("redis-cart"), "ingress": [{"from": [{"namespaceSelector": {}}]}]})


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        (applied(*INGRESS, *BROKEN), "3 of 17 are wrong: 2 stop something, 1 lets in too much."),
        (INGRESS[1:], "1 of 17 is wrong: 1 stops something."),
        (INGRESS[:3], "3 of 17 arrows are right, and 14 are still open."),
        ([*INGRESS, OPEN_REDIS], "1 of 17 is wrong: 1 lets in too much."),
    ],
)
def test_the_collection_is_counted_first(policies: list[Json], said: str) -> None:
    found = judge("05-collection", Situation((*CLUSTER, *policies)))
    assert found.mistake == "counted" and found.text.startswith(said)


def test_the_collection_needs_the_shop() -> None:
    assert answer("05-collection", namespace("default"), DENY) == "no-shop"


def test_a_cluster_that_does_not_enforce_is_found_out() -> None:
    found = judge("05-collection", Situation((*CLUSTER, *INGRESS), connects=lambda source, target: True))
    assert found.mistake == "otherwise"


MUTE = policy({"podSelector": {}, "policyTypes": ["Egress"]}, "default-deny-egress")


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ([MUTE], "`default-deny-egress` lets checkoutservice call nobody."),
        (
            [policy({**app("checkoutservice"), "policyTypes": ["Egress"], "egress": [{"to": [app("emailservice")]}]})],
            "`mine` doesn't let checkoutservice look up names.",
        ),
        (
            [
                MUTE,
                policy(
                    {
                        "podSelector": {},
                        "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}],
                        "policyTypes": ["Egress"],
                    }
                ),
            ],
            "`default-deny-egress` and `mine` don't let checkoutservice call emailservice.",
        ),
    ],
)
def test_egress_that_was_left_over_is_named(policies: list[Json], said: str) -> None:
    found = judge("05-collection", Situation((*CLUSTER, *INGRESS, *policies), connects=lambda source, target: False))
    assert (found.mistake, found.text[: len(said)]) == ("held-back", said)
    assert "lab.prove_enforcement" not in found.text


def test_the_broken_collection_has_three_faults_and_names_one_at_a_time() -> None:
    names = {item["metadata"]["name"] for item in BROKEN}
    mixed = [item for item in INGRESS if item["metadata"]["name"] not in names] + BROKEN
    found = []
    while mistake := answer("05-collection", *CLUSTER, *mixed):
        found.append(mistake)
        name = {
            "caller-missing": "ad-allow-frontend",
            "caller-unknown": "productcatalog-allow-recommendation",
            "from-everyone": "redis-cart-allow-cart",
        }[mistake]
        mixed = changed(mixed, name) + [item for item in INGRESS if item["metadata"]["name"] == name]
    assert sorted(found) == ["caller-missing", "caller-unknown", "from-everyone"]


MONITORING_NAME = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}


NOT_VISITOR: Json = {"key": "app", "operator": "NotIn", "values": ["visitor"]}
NOT_SYSTEM: Json = {
    "key": "kubernetes.io/metadata.name",
    "operator": "NotIn",
    "values": ["kube-system", "default"],
}


def collector(*peers: Json, ports: Any = ({"port": 9555},)) -> Json:
    return policy({**app("adservice"), "ingress": [{"from": list(peers), "ports": list(ports)}]})


@pytest.mark.parametrize(
    ("policies", "mistake"),
    [
        ([], "nothing-yet"),
        ([collector({**MONITORING_NAME, **app("collector")})], ""),
        ([collector(MONITORING_NAME, app("collector"))], "or-not-and"),
        ([collector(app("collector"))], "own-namespace"),
        ([collector(MONITORING_NAME)], "whole-namespace"),
        ([collector({"namespaceSelector": {}, **app("collector")})], "any-namespace"),
        (
            [collector({"namespaceSelector": {"matchLabels": {"name": "monitor"}}, **app("collector")})],
            "namespace-label",
        ),
        ([collector({**MONITORING_NAME, **app("collector")}, ports=[{"port": 80}])], "port"),
        ([collector({**MONITORING_NAME, **app("collector")}, ports=[{"port": 9555, "protocol": "UDP"}])], "port"),
        ([collector({**MONITORING_NAME, **app("collectr")})], "caller-unknown"),
        ([collector({**MONITORING_NAME, **app("collectr")}, ports=[{"port": 80}])], "caller-unknown"),
        ([collector(app("collectr"))], "refused"),
        ([policy(collector({**MONITORING_NAME, **app("collector")})["spec"], where="monitoring")], "other-namespace"),
        (
            [policy({**app("collector"), "ingress": [{"from": [app("adservice")]}]}, where="monitoring")],
            "other-namespace",
        ),
        ([policy({**app("collector"), "ingress": [{"from": [app("adservice")]}]})], "selects-other"),
        (
            [policy({**app("adservce"), "ingress": [{"from": [{**MONITORING_NAME, **app("collector")}]}]})],
            "selects-other",
        ),
        (
            [
                policy(
                    {
                        **app("frontend"),
                        "ingress": [
                            {
                                "from": [
                                    {
                                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tools"}},
                                        **app("watcher"),
                                    }
                                ]
                            }
                        ],
                    }
                )
            ],
            "nothing-yet",
        ),
        ([policy({"podSelector": {}, "policyTypes": ["Egress"]}, where="monitoring")], "nothing-yet"),
        ([collector({**MONITORING_NAME, **app("collector")}, ports=[])], "ports"),
        ([collector({**MONITORING_NAME, **app("collector")}, {"ipBlock": {"cidr": "192.0.2.0/24"}})], "outside"),
        ([collector({**MONITORING_NAME, "podSelector": {"matchExpressions": [NOT_VISITOR]}})], "elsewhere"),
        ([collector({"namespaceSelector": {"matchExpressions": [NOT_SYSTEM]}, **app("collector")})], "any-namespace"),
        ([collector({**MONITORING_NAME, **app("collector")}, app("recommendationservice"))], "admits-others"),
    ],
)
def test_the_collector(policies: list[Json], mistake: str) -> None:
    assert answer("06-collector", *CLUSTER, *MONITORING, *INGRESS, DENY, *policies) == mistake


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            policy(collector({**MONITORING_NAME, **app("collector")})["spec"], where="monitoring"),
            "`mine` lies in the namespace monitoring. A policy selects pods of its own namespace, so one for adservice "
            "belongs into default.",
        ),
        (
            collector({**MONITORING_NAME, **app("collector")}, ports=[{"port": 8080}]),
            "`mine` lets the collector in on 8080; adservice listens on 9555.",
        ),
        (
            collector({**MONITORING_NAME, **app("collectr")}),
            "`mine` admits app=collectr, and no pod of monitoring carries that.",
        ),
    ],
)
def test_the_collectors_hints_name_the_policy(wrong: Json, said: str) -> None:
    objects = (*CLUSTER, *MONITORING, *INGRESS, DENY, wrong)
    assert judge("06-collector", Situation(objects)).text == said


def test_the_collector_needs_its_pods_and_the_other_policies() -> None:
    assert answer("06-collector", *CLUSTER) == "no-pods"
    assert answer("06-collector", *CLUSTER, *MONITORING) == "open"
    alone = collector({**MONITORING_NAME, **app("collector")})
    assert answer("06-collector", *CLUSTER, *MONITORING, alone) == "frontend"


def bank(
    cidr: str = "203.0.113.10/32",
    target: Any = None,
    ports: Any = ({"port": 443},),
    without: Any = (),
    also: Json | None = None,
) -> Json:
    chosen = app("paymentservice") if target is None else target
    block: Json = {"ipBlock": {"cidr": cidr, **({"except": list(without)} if without else {})}}
    peers = [block, *([also] if also else [])]
    return policy({**chosen, "policyTypes": ["Egress"], "egress": [{"to": peers, "ports": list(ports)}]})


def beyond(cidr: str) -> Json:
    return {**app("paymentservice"), "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": cidr}}]}]}


NOT_OTHERS: Json = {
    "key": "app",
    "operator": "NotIn",
    "values": sorted(
        {item["metadata"]["name"] for item in CLUSTER if item["kind"] == "Deployment"} - {"paymentservice"}
    ),
}


@pytest.mark.parametrize(
    ("policies", "mistake"),
    [
        ([], "nothing-yet"),
        ([bank()], ""),
        ([bank("203.0.113.0/24")], "block"),
        ([bank("203.0.113.0/24", without=["203.0.113.11/32"])], "block"),
        ([bank("203.0.113.8/29")], "block"),
        ([bank(), policy(beyond("8.8.8.8/32"), "more")], "block"),
        ([bank(), policy(beyond("::/0"), "more")], "block"),
        ([bank(also={"podSelector": {}})], "pods"),
        ([bank(also={"namespaceSelector": {}, **app("nobody-yet")})], "pods"),
        ([bank(ports=[{"port": 443}, {"port": 443, "protocol": "UDP"}])], "ports"),
        ([bank(ports=[{"port": 443, "endPort": 444}])], "ports"),
        ([bank(target={"podSelector": {"matchExpressions": [NOT_OTHERS]}})], "everyone"),
        ([{**bank(), "spec": {key: value for key, value in bank()["spec"].items() if key != "policyTypes"}}], ""),
        ([bank(), policy(app("paymentservice"), "payment-allow-checkout")], "breaks"),
        ([bank("203.0.113.11/32")], "address"),
        ([bank(ports=[{"port": 80}])], "port"),
        ([bank(ports=[{"port": 443, "protocol": "UDP"}])], "port"),
        ([bank(ports=[])], "ports"),
        ([bank(target={"podSelector": {}})], "everyone"),
        ([bank(target=app("checkoutservice"))], "other-pod"),
        (
            [policy({**app("paymentservice"), "ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.10/32"}}]}]})],
            "as-ingress",
        ),
    ],
)
def test_the_bank(policies: list[Json], mistake: str) -> None:
    assert answer("07-bank", *CLUSTER, *applied(*INGRESS, *EGRESS, *policies)) == mistake


def test_the_bank_needs_the_shop_and_its_egress_limited() -> None:
    assert answer("07-bank", namespace("default")) == "no-shop"
    assert answer("07-bank", *CLUSTER) == "open"


OPEN_TO_ALL = [policy({**app("loadgenerator"), "ingress": [{"from": [{"namespaceSelector": {}}]}]}, "open")]


@pytest.mark.parametrize(
    ("policies", "mistake"),
    [
        ([*INGRESS, DENY, *EGRESS], ""),
        (list(suggest(CLUSTER).policies), ""),
        (list(suggest(CLUSTER, style="workload").policies), "newcomer-open"),
        ([*suggest(CLUSTER, style="workload").policies, DENY, MUTE], ""),
        ([*INGRESS, *EGRESS], "ingress-open"),
        ([*INGRESS, *OPEN_TO_ALL, *EGRESS], "ingress-open"),
        ([*INGRESS, DENY], "egress-open"),
        ([*INGRESS, DENY, *changed(EGRESS, "allow-dns")], "no-dns"),
        ([*INGRESS, DENY, *changed(EGRESS, "checkout-to-email")], "egress-missing"),
        (
            [*INGRESS, DENY, *EGRESS, policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]})],
            "egress-outside",
        ),
        (
            [
                *INGRESS,
                DENY,
                *changed(
                    EGRESS,
                    "allow-dns",
                    {
                        "podSelector": {},
                        "policyTypes": ["Egress"],
                        "egress": [{"ports": [{"protocol": "UDP", "port": 53}]}],
                    },
                ),
            ],
            "dns-udp-only",
        ),
    ],
)
def test_least_privilege(policies: list[Json], mistake: str) -> None:
    assert answer("09-least", *CLUSTER, *policies) == mistake


def test_least_privilege_is_reached_although_a_nodes_own_processes_get_in() -> None:
    agent = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "node-agent", "namespace": "infra", "labels": {"app": "agent"}},
        "spec": {"hostNetwork": True, "nodeName": "far"},
        "status": {"podIP": "192.168.7.5", "podIPs": [{"ip": "192.168.7.5"}], "phase": "Running"},
    }
    cluster = [*CLUSTER, namespace("infra"), agent]
    assert answer("09-least", *cluster, *suggest(CLUSTER).policies) == ""
    assert answer("09-least", *cluster, *INGRESS, DENY, *EGRESS) == ""
