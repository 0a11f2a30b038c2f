"""Needs that the cluster brings: what is shown to the outside, metrics, the API server."""

from __future__ import annotations

from typing import Any

import pytest

from .build import Object, deployment, pod, service
from .needing import API, BOT, A, binding, of, ports, told, using


@pytest.mark.parametrize(("kind", "shown"), [("ClusterIP", 0), ("LoadBalancer", 1), ("NodePort", 1)])
def test_services_that_are_open_to_the_outside(kind: str, shown: int) -> None:
    assert told(of(deployment("a"), service("a", 80, 8080, kind=kind))) == ["outside a TCP 8080"] * shown


def test_external_addresses_and_host_ports() -> None:
    assert told(of(deployment("a"), service("a", 80, 8080, externalIPs=["192.0.2.1"]))) == ["outside a TCP 8080"]
    item = using("a", {"ports": [{"containerPort": 53, "hostPort": 5353, "protocol": "UDP"}, {"containerPort": 80}]})
    assert told(of(item)) == ["outside a UDP 53"]
    assert (
        told(
            of(
                {
                    **item,
                    "spec": {
                        "template": {"metadata": {}, "spec": {**item["spec"]["template"]["spec"], "hostNetwork": True}}
                    },
                }
            )
        )
        == []
    )


def ingress(*backends: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "i", "namespace": "default"},
        "spec": {"rules": [{"http": {"paths": [{"backend": one} for one in backends]}}], **spec},
    }


def route(kind: str, port: int | None = 80, **spec: Any) -> Object:
    reference = {"name": "a", **({"port": port} if port else {})}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "r"},
        "spec": {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": [reference]}], **spec},
    }


def openshift(**spec: Any) -> Object:
    return {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": {"name": "r"},
        "spec": {"to": {"kind": "Service", "name": "a"}, **spec},
    }


BY_NUMBER = {"service": {"name": "a", "port": {"number": 80}}}


@pytest.mark.parametrize(
    "item",
    [
        ingress(BY_NUMBER),
        ingress(defaultBackend=BY_NUMBER),
        ingress({"serviceName": "a", "servicePort": 80}),
        ingress({"serviceName": "a", "servicePort": "80"}),
        route("HTTPRoute"),
        route("GRPCRoute"),
        route("TCPRoute"),
        route("TLSRoute"),
        openshift(),
        openshift(port={"targetPort": "http"}),
        openshift(port={"targetPort": 8080}),
        openshift(to={"name": "b"}, alternateBackends=[{"name": "a"}]),
        route("HTTPRoute", rules=[{"filters": [{"requestMirror": {"backendRef": {"name": "a", "port": 80}}}]}]),
    ],
)
def test_what_ingresses_and_routes_lead_to(item: Object) -> None:
    found = of(*A, item)
    assert told(found) == ["{ingress-controller} a TCP 8080"]
    assert found.arrows[0].evidence[0].field.startswith(f"{item['kind']} default/")
    controller = pod("proxy", "ingress-nginx", labels={"app.kubernetes.io/name": "ingress-nginx"})
    assert told(of(*A, item, controller)) == ["ingress-nginx/proxy a TCP 8080"], "its pods, where they are in the input"


@pytest.mark.parametrize(
    "item",
    [
        ingress({"service": {"name": "b", "port": {"number": 80}}}),
        ingress({"service": {"name": "a", "port": {"number": 9}}}),
        ingress({"resource": {"kind": "Bucket", "name": "a"}}),
        route("UDPRoute"),
        openshift(port={"targetPort": 9}),
        route("HTTPRoute", parentRefs=[{"kind": "Service", "name": "a"}]),
        {**openshift(), "apiVersion": "serving.knative.dev/v1"},
        {**ingress(), "spec": "odd"},
        {**route("HTTPRoute"), "spec": {"rules": [None, {"backendRefs": "odd"}]}},
    ],
)
def test_what_they_do_not_lead_to(item: Object) -> None:
    assert told(of(*A, item)) == []


def test_a_udp_route_leads_to_the_udp_port() -> None:
    assert told(of(deployment("a"), ports("a", (80, "TCP"), (80, "UDP")), route("UDPRoute"))) == [
        "{ingress-controller} a UDP 80"
    ]


def test_a_route_is_called_by_its_own_gateways_pods() -> None:
    gates = [pod(name, labels={"gateway.networking.k8s.io/gateway-name": name}) for name in ("gate", "other")]
    nginx = pod("nginx", labels={"app": "ingress-nginx"})
    assert told(of(*A, *gates, nginx, route("HTTPRoute"))) == ["gate a TCP 8080"]
    assert told(of(*A, *gates, nginx, ingress(BY_NUMBER))) == ["nginx a TCP 8080"]
    hook = pod("hook", labels={"app": "ingress-nginx", "app.kubernetes.io/component": "admission-webhook"})
    assert told(of(*A, hook, ingress(BY_NUMBER))) == ["{ingress-controller} a TCP 8080"]


PROMETHEUS = using("prom", {"image": "quay.io/prometheus/prometheus:v3"})


def scraped(**annotations: str) -> Object:
    item = deployment("a", ports=[("http", 8080), ("metrics", 9090)])
    item["spec"]["template"]["metadata"]["annotations"] = {
        f"prometheus.io/{key}": text for key, text in annotations.items()
    }
    return item


def monitor(kind: str, endpoint: Object, selector: Object | None = None, **spec: Any) -> Object:
    field = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": kind,
        "metadata": {"name": "m", "namespace": "default"},
        "spec": {"selector": selector or {}, field: [endpoint], **spec},
    }


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"scrape": "true", "port": "9090"}, [9090]),
        ({"port": "9090"}, [9090]),
        ({"scrape": "true"}, [8080, 9090]),
        ({"scrape": "false", "port": "9090"}, []),
        ({"path": "/metrics"}, []),
        ({"scrape": "true", "port": "x"}, [8080, 9090]),
    ],
)
def test_annotations_for_prometheus(annotations: dict[str, str], expected: list[int]) -> None:
    assert told(of(scraped(**annotations), PROMETHEUS)) == [f"prom a TCP {port}" for port in expected]
    on_service = service("a", 80, "metrics")
    on_service["metadata"]["annotations"] = {f"prometheus.io/{key}": text for key, text in annotations.items()}
    if expected == [9090]:
        assert told(of(scraped(), on_service, PROMETHEUS)) == ["prom a TCP 9090"]


@pytest.mark.parametrize(
    "item",
    [
        monitor("PodMonitor", {"port": "metrics"}),
        monitor("PodMonitor", {"portNumber": 9090}),
        monitor("PodMonitor", {"targetPort": "metrics"}),
        monitor("PodMonitor", {"port": "metrics"}, {"matchLabels": {"app": "a"}}),
        monitor("ServiceMonitor", {"port": "m"}),
        monitor("ServiceMonitor", {"targetPort": 9090}),
        monitor("ServiceMonitor", {"port": "m"}, namespaceSelector={"any": True}),
        monitor(
            "ServiceMonitor",
            {"port": "m"},
            {"matchLabels": {"team": "x"}},
            namespaceSelector={"matchNames": ["default"]},
        ),
    ],
)
def test_monitors(item: Object) -> None:
    own = service("a", 80, "metrics")
    own["metadata"]["labels"], own["spec"]["ports"][0]["name"] = {"team": "x"}, "m"
    plain = using("prom", {"image": "prometheus"}) if item["kind"] == "ServiceMonitor" else PROMETHEUS
    assert "prom a TCP 9090" in told(of(scraped(), own, plain, item))
    alone = of(scraped(), own, item)
    assert not alone.arrows and any("no Prometheus is in the input" in note for note in alone.notes)


@pytest.mark.parametrize(
    "item",
    [
        monitor("PodMonitor", {"port": "nothing"}),
        monitor("PodMonitor", {"port": "metrics"}, {"matchLabels": {"app": "b"}}),
        monitor("PodMonitor", {"port": "metrics"}, namespaceSelector={"matchNames": ["far"]}),
        monitor("ServiceMonitor", {"port": "m"}, {"matchLabels": {"team": "y"}}),
        {**monitor("PodMonitor", {"port": "metrics"}), "spec": {"selector": {"matchExpressions": [1]}}},
    ],
)
def test_monitors_that_look_elsewhere(item: Object) -> None:
    own = service("a", 80, "metrics")
    own["metadata"]["labels"], own["spec"]["ports"][0]["name"] = {"team": "x"}, "m"
    assert told(of(scraped(), own, PROMETHEUS, item)) == []


def test_who_is_no_prometheus() -> None:
    operator = using("prometheus-operator", {"image": "quay.io/prometheus-operator/prometheus-operator:v1"})
    alert = deployment("alert")
    alert["spec"]["template"]["metadata"]["labels"] = {"app": "prometheus", "component": "alertmanager"}
    assert told(of(scraped(port="9090"), operator, alert)) == []


@pytest.mark.parametrize(
    "given_role", [binding(), binding(kind="RoleBinding"), binding(kind="RoleBinding", space=None)]
)
def test_an_account_with_a_role_needs_the_api_server(given_role: Object) -> None:
    assert told(of(BOT, given_role, *API)) == ["bot 192.0.2.6 TCP 6443"]
    assert told(of(BOT, given_role)) == ["bot {api-server} TCP 443", "bot {api-server} TCP 6443"]
    assert told(of(BOT, binding("other"), binding(space="far"))) == []
    assert told(of(deployment("bot"), given_role)) == [], "it has another account"
    assert told(of(using("bot", serviceAccountName="bot", automountServiceAccountToken=False), given_role)) == []
    account = {"kind": "ServiceAccount", "metadata": {"name": "bot"}, "automountServiceAccountToken": False}
    assert told(of(BOT, given_role, account)) == []


def test_the_api_server_by_its_name() -> None:
    by_name = deployment("web", env={"API": "https://kubernetes.default.svc"})
    assert told(of(by_name, *API)) == ["web 192.0.2.6 TCP 6443"]
    assert told(of(by_name, API[0])) == ["web {api-server} TCP 6443"]


@pytest.mark.parametrize(
    "item",
    [
        {
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "w"},
            "webhooks": [{"clientConfig": {"service": {"name": "a", "namespace": "default", "port": 80}}}],
        },
        {
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "w"},
            "webhooks": [{"clientConfig": {"service": {"name": "a", "namespace": "default", "port": 80}}}],
        },
        {
            "kind": "APIService",
            "metadata": {"name": "w"},
            "spec": {"service": {"name": "a", "namespace": "default", "port": 80}},
        },
        {
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "w"},
            "spec": {
                "conversion": {
                    "webhook": {"clientConfig": {"service": {"name": "a", "namespace": "default", "port": 80}}}
                }
            },
        },
    ],
)
def test_webhooks_are_called_by_the_api_server(item: Object) -> None:
    assert told(of(*A, item)) == ["{api-server} a TCP 8080"]
    assert told(of(*A, item, *API)) == ["192.0.2.6 a TCP 8080"]
    server = pod("kube-apiserver-n1", "kube-system", host=True, labels={"component": "kube-apiserver"}, ip="192.0.2.6")
    assert told(of(*A, item, *API, server)) == ["kube-system/kube-apiserver-n1 a TCP 8080"]
    found = of(item)
    assert not found.arrows and any("which is not in the input" in note for note in found.notes)


def test_webhooks_listen_on_443_unless_they_say() -> None:
    item = {
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "w"},
        "webhooks": [
            {"clientConfig": {"service": {"name": "a", "namespace": "default"}}},
            {"clientConfig": {"url": "https://example.com"}},
        ],
    }
    assert told(of(deployment("a"), service("a", 443, 8443), item)) == ["{api-server} a TCP 8443"]
