"""Each mistake that a learner makes with a policy earns its own hint, and no other."""

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
    "no-from": [policy({"from": [{"podSelector": app("checkoutservice")}]}, {"ports": [{"port": 50051}]})],
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
    from helpers.lab.course.checks.goals import Goal, secured

    wrong = policy(rule(port=5000), target=app("emailservice"))
    answer = secured(Situation((*shop(), wrong)), Goal("emailservice", ("checkoutservice",), 8080))
    assert answer.mistake == "service-port"
    assert "8080" in answer.text


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
