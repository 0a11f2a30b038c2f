"""Each mistake that a learner makes with a policy earns its own hint, and no other."""

from copy import deepcopy
from typing import Any

import pytest
from support.course import INGRESS, read, shop

from helpers.lab.course.checks import Situation, judge


def policy(*rules: Any, target: Any = None, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    """A policy for paymentservice, unless told otherwise."""
    body: dict[str, Any] = {"podSelector": target if target is not None else app("paymentservice"), **spec}
    if rules:
        body["ingress"] = list(rules)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "mine", "namespace": namespace},
        "spec": body,
    }


def app(name: str) -> dict[str, Any]:
    return {"matchLabels": {"app": name}}


def rule(caller: Any = "checkoutservice", **port: Any) -> dict[str, Any]:
    peer = {"podSelector": app(caller)} if isinstance(caller, str) else caller
    return {"from": [peer], "ports": [port or {"port": 50051}]}


def named(name: str, what: dict[str, Any]) -> dict[str, Any]:
    return {**what, "metadata": {**what["metadata"], "name": name}}


def odd(key: str, value: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}


EVERYBODY_ELSE = sorted(
    {item["metadata"]["name"] for item in shop() if item["kind"] == "Deployment"} - {"checkoutservice"}
)
NOT_FRONTEND = {"key": "app", "operator": "NotIn"}
BUT_FRONTEND = {**NOT_FRONTEND, "values": [name for name in EVERYBODY_ELSE if name != "frontend"]}

OTHER = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}

MISTAKES: dict[str, list[dict[str, Any]]] = {
    "nothing-yet": [],
    "only-egress": [policy(egress=[{"to": [{"podSelector": app("checkoutservice")}]}], policyTypes=["Egress"])],
    "other-namespace": [OTHER, policy(rule(), namespace="other")],
    "turned-round": [policy(rule("paymentservice"), target=app("checkoutservice"))],
    "selects-nothing": [policy(rule(), target=app("paymentsservice"))],
    "selects-too-much": [policy(rule(), target={})],
    "protocol": [policy(rule(port=50051, protocol="UDP"))],
    "port": [policy(rule(port=5005))],
    "port-name": [policy(rule(port="grpcs"))],
    "no-rule": [policy(policyTypes=["Ingress"])],
    "caller-namespace": [
        policy(rule({"podSelector": app("checkoutservice"), "namespaceSelector": {"matchLabels": {"team": "shop"}}}))
    ],
    "caller-unknown": [policy(rule("checkout"))],
    "caller-missing": [policy(rule("frontend"))],
    "split-rule": [policy({"from": [{"podSelector": app("checkoutservice")}]}, {"ports": [{"port": 50051}]})],
    "no-from": [policy({"ports": [{"port": 50051}]})],
    "selects-other": [named("payment-allow-checkout", policy(rule(), target=app("shippingservice")))],
    "both-labels": [policy(rule({"podSelector": {**app("checkoutservice"), **odd("app", "frontend")}}))],
    "egress-section": [policy(egress=[{"to": [{"podSelector": app("checkoutservice")}]}])],
    "newcomer": [policy(rule({"podSelector": {"matchExpressions": [{**NOT_FRONTEND, "values": EVERYBODY_ELSE}]}}))],
    "elsewhere": [policy(rule(), rule({"podSelector": app("checkoutservice"), "namespaceSelector": {}}))],
    "outside": [policy(rule(), rule({"ipBlock": {"cidr": "203.0.113.7/32"}}))],
    "breaks": [policy(rule()), named("more", policy(target=app("adservice")))],
    "from-everyone": [policy(rule({"podSelector": {}}))],
    "admits-others": [policy(rule(), rule("frontend"))],
    "no-ports": [policy({"from": [{"podSelector": app("checkoutservice")}]})],
    "other-ports": [policy(rule(port=50051, endPort=50060))],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_earns_its_own_hint(mistake: str) -> None:
    answer = judge("03-payment", Situation((*shop(), *MISTAKES[mistake])))
    assert (answer.passed, answer.mistake) == (False, mistake), answer
    assert answer.text.endswith(".")


def test_the_port_of_a_service_is_recognised() -> None:
    from helpers.lab.course.checks.goals import Goal
    from helpers.lab.course.checks.securing import secured

    wrong = policy(rule(port=5000), target=app("emailservice"))
    answer = secured(Situation((*shop(), wrong)), Goal("emailservice", ("checkoutservice",), 8080))
    assert answer.mistake == "service-port"
    assert "8080" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        policy(rule(), target={"matchLabels": {"app": "paymentservice", "pod-template-hash": "7d9"}}),
        policy(rule({"podSelector": {"matchLabels": {"pod-template-hash": "7d9", "app": "checkoutservice"}}})),
    ],
)
def test_a_label_that_changes_with_the_next_rollout_is_no_label_to_pick_by(wrong: dict[str, Any]) -> None:
    running = deepcopy(shop())
    for item in running:
        if item["kind"] == "Deployment":
            item["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] = "7d9"
    assert judge("03-payment", Situation((*running, policy(rule())))).passed
    assert judge("03-payment", Situation((*running, wrong))).mistake == "changing-label"


CART: dict[str, Any] = {"target": app("cartservice")}
TURNED = policy(rule("cartservice", port=7070), target=app("checkoutservice"))


@pytest.mark.parametrize(
    ("second", "mistake"),
    [
        (policy(rule(port=7070), **CART), ""),
        (named("cart-allow-checkout", TURNED), "turned-round"),
        (named("cart-allow-checkout", policy(rule(port=7070), target=app("shippingservice"))), "selects-other"),
        (policy(rule(port=7070), rule("adservice", port=7070), **CART), "admits-others"),
        (policy(rule(port=7070), rule({"podSelector": {}}, port=7070), **CART), "from-everyone"),
        (policy(rule({"podSelector": {"matchExpressions": [BUT_FRONTEND]}}, port=7070), **CART), "newcomer"),
    ],
)
def test_the_second_policy_of_two(second: dict[str, Any], mistake: str) -> None:
    one = named("cart-allow-frontend", policy(rule("frontend", port=7070), **CART))
    assert judge("04-cart", Situation((*shop(), one, second))).mistake == mistake


def test_a_right_pair_does_not_excuse_a_third_policy_turned_round() -> None:
    right = [named(name, policy(rule(name, port=7070), **CART)) for name in ("frontend", "checkoutservice")]
    found = judge("04-cart", Situation((*shop(), *right, named("mine-too", TURNED))))
    assert found.mistake == "turned-round"
    assert "frontend → checkoutservice" in found.text and "`mine-too`" in found.text


def test_the_services_port_beside_the_right_one() -> None:
    from helpers.lab.course.checks.goals import Goal
    from helpers.lab.course.checks.securing import secured

    both = {"from": [{"podSelector": app("checkoutservice")}], "ports": [{"port": 5000}, {"port": 8080}]}
    wrong = policy(both, target=app("emailservice"))
    answer = secured(Situation((*shop(), wrong)), Goal("emailservice", ("checkoutservice",), 8080))
    assert answer.mistake == "service-port-too"


def test_without_the_shop_the_hint_says_so() -> None:
    assert judge("03-payment", Situation(())).mistake == "no-shop"


@pytest.mark.parametrize(("task", "target"), [("03-payment", "payment"), ("04-cart", "cart")])
def test_the_courses_own_policies_pass(task: str, target: str) -> None:
    files = sorted(INGRESS.glob(f"[0-9][0-9]-{target}-allow-*"))
    assert files
    answer = judge(task, Situation((*shop(), *read(*files))))
    assert answer.passed, answer


def test_one_policy_for_both_callers_passes_too() -> None:
    both = policy(
        {
            "from": [{"podSelector": app("frontend")}, {"podSelector": app("checkoutservice")}],
            "ports": [{"port": 7070}],
        },
        target=app("cartservice"),
    )
    assert judge("04-cart", Situation((*shop(), both))).passed


def test_a_cluster_that_does_not_enforce_is_noticed() -> None:
    tried: list[tuple[str, str]] = []

    def everything_connects(source: str, target: str) -> bool:
        tried.append((source, target))
        return True

    situation = Situation((*shop(), policy(rule())), connects=everything_connects)
    assert judge("03-payment", situation).mistake == "otherwise"
    assert tried[0] == ("checkoutservice", "paymentservice:50051")
    assert len(tried) == 2


def test_one_caller_of_two_is_not_enough() -> None:
    half = policy(rule("frontend", port=7070), target=app("cartservice"))
    answer = judge("04-cart", Situation((*shop(), half)))
    assert answer.mistake == "caller-missing"
    assert "checkoutservice" in answer.text and "frontend" in answer.text
