"""Ends of connections: members of a workload, what Services lead to, nodes, the outside, the ingress controller."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import World
from helpers.policies.judging.leading import NoRoute

from .build import deployment, namespace, pod, pods, policy, rule, service

Object = dict[str, Any]

WEB = pod("web", ip="10.0.0.1", ports=[("http", 8080)], node="n1")
OTHER = pod("other", ip="10.0.0.2", node="n2")
CLOSED = policy("closed", "web", policyTypes=["Ingress"])


def several(kind: str = "Deployment", **spec: Any) -> Object:
    made = deployment("gossip", ports=[7946])
    made["kind"] = kind
    made["spec"] |= spec
    return made


def cron(parallelism: int) -> Object:
    job = {"parallelism": parallelism, **deployment("gossip", ports=[7946])["spec"]}
    return {"kind": "CronJob", "metadata": {"name": "gossip"}, "spec": {"jobTemplate": {"spec": job}}}


FLUENT = policy("in", "gossip", ingress=[rule(pods("fluent"))])


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        (several(replicas=3), False),
        (several("DaemonSet"), False),
        (several("StatefulSet", replicas=2), False),
        (several("Job", parallelism=4), False),
        (cron(2), False),
        (cron(1), True),
        (several(), True),
        (several(replicas=1), True),
    ],
    ids=["replicas", "daemon-set", "stateful-set", "job", "cron-job", "one-at-a-time", "default", "one"],
)
def test_a_workload_and_itself_are_two_of_its_pods(workload: Object, expected: bool) -> None:
    world = World.of([workload, FLUENT])
    verdict = world.explain("gossip", "gossip", 7946)
    assert bool(verdict) is expected and bool(world.judge("gossip", "gossip", 7946)) is expected
    assert ("another pod of default/gossip" in verdict.sentence) is not expected
    itself = [line for line in world.matrix() if line.source == line.target]
    assert not itself
    opened = World.of([workload]).matrix()
    assert len([line for line in opened if line.source == line.target]) == (not expected)


def replicas(count: int) -> list[Object]:
    owner = {"ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": True}]}
    return [pod(f"db-{number}", ip=f"10.1.0.{number + 1}", labels={"app": "db"}, **owner) for number in range(count)]


def test_live_pods_are_told_apart_by_name() -> None:
    world = World.of([*replicas(2), policy("closed", "db", policyTypes=["Ingress"])])
    assert world.explain("db", "db", 5432).target == "default/db-1"
    assert not world.judge("db", "db", 5432) and not world.judge("db-0", "db-1", 5432)
    assert world.judge("db-0", "db-0", 5432), "a pod reaches its own address"
    assert not world.judge("db", "db-0", 5432) and not world.judge("db-0", "db", 5432)
    assert World.of([*replicas(1), policy("closed", "db", policyTypes=["Ingress"])]).judge("db", "db", 5432)


def scaler(most: object, target: str = "gossip", kind: str = "Deployment", **more: Any) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": target}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": target, "namespace": "default"},
        "spec": {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": most},
        **more,
    }


@pytest.mark.parametrize(
    ("scaled", "one"),
    [
        (scaler(3), False),
        (scaler(1), True),
        (scaler(3, "other"), True),
        (scaler(3, kind="StatefulSet"), True),
        (scaler(3, metadata={"name": "gossip", "namespace": "elsewhere"}), True),
        (scaler(None), True),
        (scaler("many"), True),
        (scaler(3, spec=[]), True),
        ({**scaler(3), "kind": "ScaledObject", "spec": {"scaleTargetRef": {"name": "gossip"}}}, False),
    ],
)
def test_a_workload_that_is_scaled_is_several_pods(scaled: Object, one: bool) -> None:
    for given in ([several(), scaled], [scaled, several(replicas=1)]):
        world = World.of([*given, FLUENT])
        assert world.workloads["default/gossip[Deployment]"].several is not one and not world.problems
        assert bool(world.judge("gossip", "gossip", 7946)) is one
        opened = World.of(given).matrix()
        assert len([line for line in opened if line.source == line.target]) == (not one)


def test_a_live_pod_of_a_scaled_workload_may_get_another() -> None:
    closed = policy("closed", "db", policyTypes=["Ingress"])
    world = World.of([*replicas(1), closed, scaler(2, "db", "StatefulSet")])
    assert world.workloads["default/db[StatefulSet]"].members == 2
    assert not world.judge("db", "db", 5432) and world.judge("db-0", "db-0", 5432)
    assert World.of([*replicas(3), scaler(2, "db", "StatefulSet")]).workloads["default/db[StatefulSet]"].members == 3


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("node", True),
        ("node/n1", True),
        ("node/n2", False),
        ("outside", False),
        ("ingress-controller", False),
        ("{ingress-controller}", False),
        ("172.20.0.2", True),
    ],
)
def test_ends_that_are_no_pods_of_the_application(end: str, expected: bool) -> None:
    world = World.of([WEB, OTHER, CLOSED])
    verdict = world.explain(end, "web", 8080)
    assert bool(verdict) is expected, verdict.sentence
    assert World.of([WEB, OTHER]).judge(end, "web", 8080)


def test_an_ingress_controller_among_the_pods_is_that_end() -> None:
    controller = pod("c-1", "ingress-nginx", labels={"app.kubernetes.io/name": "ingress-nginx"})
    entry = {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]}
    objects = [WEB, policy("in", "web", ingress=[entry])]
    assert World.of([*objects, controller]).judge("ingress-controller", "web", 8080)
    assert not World.of(objects).judge("ingress-controller", "web", 8080)


def test_a_pod_of_such_a_name_goes_first() -> None:
    assert World.of([pod("outside"), WEB]).explain("outside", "web", 80).source == "default/outside"


def endpoint_slice(name: str, *addresses: str, port: int = 6443, ready: bool = True) -> Object:
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": list(addresses), "conditions": {"ready": ready}}],
    }


def plain(name: str, **spec: Any) -> Object:
    return {"kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 443}], **spec}}


def endpoints(name: str, address: str) -> Object:
    return {
        "kind": "Endpoints",
        "metadata": {"name": name},
        "subsets": [{"addresses": [{"ip": address}], "ports": [{"port": 6443}]}],
    }


@pytest.mark.parametrize(
    ("objects", "target", "port"),
    [
        ([plain("api"), endpoint_slice("api", "172.18.0.2")], "172.18.0.2", 6443),
        ([plain("api"), endpoints("api", "172.18.0.2")], "172.18.0.2", 6443),
        ([plain("api"), endpoint_slice("api", "10.0.0.1", port=8080)], "default/web", 8080),
        (
            [
                plain("alias", type="ExternalName", externalName="api.default.svc.cluster.local"),
                service("api", 443, 8080, app="web"),
            ],
            "default/web",
            8080,
        ),
        ([service("api", 443, "http", app="web")], "default/web", 8080),
        ([service("api", 80, 8080, app="web", ip="None")], "default/web", 443),
    ],
)
def test_a_service_leads_to_what_it_leads_to(objects: list[Object], target: str, port: int) -> None:
    world = World.of([WEB, OTHER, *objects])
    name = "alias" if any(item["metadata"]["name"] == "alias" for item in objects) else "api"
    (found,) = world.explain_service("other", f"default/{name}", 443)
    assert (found.target, found.port) == (target, port)
    assert world.explain("other", name, 443).target == target


@pytest.mark.parametrize(
    ("spec", "port"),
    [
        ({"type": "NodePort", "ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}]}, 30080),
        ({"externalIPs": ["192.0.2.7"], "ports": [{"port": 80, "targetPort": 8080}]}, 80),
    ],
)
def test_node_ports_and_external_addresses_are_translated(spec: Object, port: int) -> None:
    world = World.of([WEB, OTHER, plain("front", selector={"app": "web"}, **spec)])
    assert world.explain("other", "front", port).port == 8080
    if "externalIPs" in spec:
        assert world.explain("other", "192.0.2.7", port).target == "default/web"


def test_a_load_balancers_address_means_its_pods() -> None:
    balancer = plain("front", selector={"app": "web"}, type="LoadBalancer", ports=[{"port": 80, "targetPort": 8080}])
    balancer["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.8"}]}}
    assert World.of([WEB, OTHER, balancer]).explain("other", "192.0.2.8", 80).target == "default/web"


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([plain("api")], "no endpoints for it, so where it leads isn't known"),
        ([plain("api"), endpoint_slice("api", "172.18.0.2", ready=False)], "isn't known"),
        ([plain("api", type="ExternalName", externalName="api.example.com")], "another name for api.example.com"),
        ([plain("api", type="ExternalName", externalName="api.default.svc")], "another name for itself"),
        ([service("api", 443, app="nobody")], "selects no pod"),
        ([service("api", 443, "grpc", app="web")], "the port named grpc"),
    ],
)
def test_where_a_service_leads_nowhere_a_sentence_says_so(objects: list[Object], words: str) -> None:
    with pytest.raises(NoRoute, match=words):
        World.of([WEB, OTHER, *objects]).explain("other", "api", 443)


def test_a_service_whose_pods_differ_is_denied_and_says_how_many_are_not() -> None:
    second = pod("web-2", labels={"app": "web", "new": "yes"}, ip="10.0.0.7", ports=[8080])
    shut = policy("shut", {"matchLabels": {"new": "yes"}}, policyTypes=["Ingress"])
    verdict = World.of([WEB, second, OTHER, service("api", 80, 8080, app="web"), shut]).explain("other", "api", 80)
    assert not verdict and "1 of the 2 ends behind Service default/api may be reached" in verdict.notes[-1]


OUT = policy("out", "other", policyTypes=["Egress"], egress=[rule(pods("web"), side="to")])
DNS = {
    "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
    "ports": [{"port": 53, "protocol": "UDP"}],
}
NODE_DNS = {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}


@pytest.mark.parametrize(
    ("more", "noted"),
    [
        ([OUT], True),
        ([], False),
        ([OUT, policy("dns", "other", policyTypes=["Egress"], egress=[DNS])], False),
        ([OUT, policy("dns", "other", policyTypes=["Egress"], egress=[NODE_DNS])], False),
    ],
    ids=["cut", "open", "kube-dns", "on-the-node"],
)
def test_a_caller_that_cannot_resolve_the_name_is_told(more: list[Object], noted: bool) -> None:
    world = World.of([WEB, OTHER, namespace("default"), service("api", 80, 8080, app="web"), *more])
    for verdict in (world.explain("other", "api", 80), world.explain("other", "web", 80, service="api")):
        assert verdict and any("can't resolve the name" in note for note in verdict.notes) is noted
    assert not any("resolve" in note for note in world.explain("other", "web", 8080).notes)
