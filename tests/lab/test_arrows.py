"""The architecture is read from the Deployments' variables; nothing is listed in the code."""

from typing import Any

import pytest
from support.course import shop

from helpers.lab.arrows import OUTSIDE, Arrow, arrows_of

ARROWS = {
    "frontend": {"adservice", "cartservice", "checkoutservice", "currencyservice", "productcatalogservice",
                 "recommendationservice", "shippingservice"},
    "checkoutservice": {"cartservice", "currencyservice", "emailservice", "paymentservice", "productcatalogservice",
                        "shippingservice"},
    "recommendationservice": {"productcatalogservice"},
    "cartservice": {"redis-cart"},
    "loadgenerator": {"frontend"},
    OUTSIDE: {"frontend"},
}


def found() -> dict[str, set[str]]:
    calls: dict[str, set[str]] = {}
    for arrow in arrows_of(shop()):
        calls.setdefault(arrow.source.removeprefix("default/"), set()).add(arrow.target.removeprefix("default/"))
    return calls


def test_the_shop_has_its_17_arrows() -> None:
    assert found() == ARROWS
    assert len(arrows_of(shop())) == 17


def test_the_two_services_whose_port_is_not_the_pods() -> None:
    differ = {(arrow.target, arrow.service_port, arrow.port) for arrow in arrows_of(shop())
              if arrow.service_port != arrow.port}
    assert differ == {("default/emailservice", 5000, 8080), ("default/frontend", 80, 8080)}


def workload(name: str, env: dict[str, str], ports: list[dict[str, Any]] | None = None,
             namespace: str = "default") -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in env.items()]
    return {"kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": {"template": {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "env": variables, "ports": ports or []}]}}}}


def service(name: str, port: int, target: int | str | None = None, namespace: str = "default",
            kind: str = "ClusterIP") -> dict[str, Any]:
    entry = {"port": port} | ({"targetPort": target} if target is not None else {})
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"app": name}, "ports": [entry], "type": kind}}


@pytest.mark.parametrize("address", ["b:80", "b.default:80", "b.default.svc.cluster.local:80", "http://b:80", "b:80/"])
def test_addresses_in_all_their_spellings(address: str) -> None:
    objects = [workload("a", {"B_ADDR": address}), workload("b", {}), service("b", 80, 8080)]
    assert arrows_of(objects) == (Arrow("default/a", "default/b", "default/b", 80, 8080, "TCP", "B_ADDR"),)


@pytest.mark.parametrize(("variable", "address"), [
    ("B_ADDR", "c:80"), ("B_ADDR", "b:81"), ("B_ADDR", "b"), ("B_ADDR", ""), ("B_URL", "b:80"),
    ("B_ADDR", "b.other:80"),
])
def test_what_names_no_service_tells_of_nothing(variable: str, address: str) -> None:
    assert arrows_of([workload("a", {variable: address}), workload("b", {}), service("b", 80)]) == ()


def test_a_named_target_port_is_the_containers() -> None:
    objects = [workload("a", {"B_ADDR": "b:80"}), workload("b", {}, [{"name": "grpc", "containerPort": 7}]),
               service("b", 80, "grpc")]
    assert arrows_of(objects)[0].port == 7


def test_another_namespace() -> None:
    far = [workload("b", {}, namespace="far"), service("b", 80, namespace="far")]
    objects = [workload("a", {"B_ADDR": "b.far:80"}), *far]
    assert str(arrows_of(objects)[0]) == "a → far/b TCP 80"


@pytest.mark.parametrize(("kind", "shown"), [("ClusterIP", 0), ("LoadBalancer", 1), ("NodePort", 1)])
def test_the_outside_world_comes_through_exposed_services(kind: str, shown: int) -> None:
    assert len(arrows_of([workload("b", {}), service("b", 80, kind=kind)])) == shown


def test_a_service_without_a_selector_leads_nowhere() -> None:
    bare = service("b", 80)
    del bare["spec"]["selector"]
    assert arrows_of([workload("a", {"B_ADDR": "b:80"}), workload("b", {}), bare]) == ()


def test_sentences() -> None:
    arrow = Arrow("default/checkoutservice", "default/emailservice", "default/emailservice", 5000, 8080)
    assert str(arrow) == "checkoutservice → emailservice TCP 8080 (Service port 5000)"
    assert str(Arrow(OUTSIDE, "default/frontend", "s", 80, 80)) == "the outside world → frontend TCP 80"
