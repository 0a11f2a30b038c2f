"""Needs by address: every spelling, members, protocols, Services of every kind."""

from __future__ import annotations

import pytest

from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.reading.texts import read

from .build import Object, deployment, namespace, pod, service
from .needing import REDIS, headless, of, ports, several, told, using


@pytest.mark.parametrize(
    "address",
    [
        "redis:6379",
        "redis.default:6379",
        "redis.default.svc:6379",
        "redis.default.svc.cluster.local:6379",
        "redis.default.svc.cluster.local.:6379",
        "redis.default.svc.corp.example:6379",
        "redis://redis",
        "redis://redis/0",
        "redis://:secret@redis:6379/0",
        "tcp://redis:6379",
        "REDIS:6379",
        "a,redis:6379,b",
        "user:pw@tcp(redis:6379)/db",
        "[redis:6379]",
        "redis:6379/tcp",
    ],
)
def test_addresses_in_all_their_spellings(address: str) -> None:
    assert told(of(*REDIS, deployment("web", env={"CACHE": address}))) == ["web redis TCP 6379"]


@pytest.mark.parametrize(
    "address",
    [
        "redis:6380",
        "redis",
        "my-redis:6379x",
        "/redis:6379.sock",
        "redis.other:6379",
        "redis.default.example.com:6379",
        "$redis:6379",
        "${x}redis:6379",
        "redis_x:6379",
        "x.redis:6379:1",
        "sha256:6379",
        "6379:6379",
        "udp://redis:6379",
    ],
)
def test_what_names_no_service_tells_of_nothing(address: str) -> None:
    assert told(of(*REDIS, deployment("web", env={"CACHE": address}))) == []


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"REDIS_HOST": "redis", "REDIS_PORT": "6379"}, True),
        ({"REDIS_HOST": "redis"}, True),
        ({"REDIS_HOST": "redis", "REDIS_PORT": "1"}, False),
        ({"HOST": "redis", "PORT": "6379"}, True),
        ({"PLACE": "redis"}, False),
        ({"REDIS_HOSTS": "redis,other"}, True),
        ({"REDIS_PORT": "6379"}, False),
        ({"A": "redis", "B": "$(A):6379"}, True),
        ({"B": "$(A):6379", "A": "redis"}, False),
        ({"A": "redis", "B": "$$(A):6379"}, False),
        ({"B": "$(REDIS_SERVICE_HOST):$(REDIS_SERVICE_PORT)"}, True),
        ({"DESCRIPTION": "redis:6379"}, False),
        ({"NOTE": "Please see redis:6379 for more of it"}, False),
    ],
)
def test_variables(env: dict[str, str], expected: bool) -> None:
    assert bool(told(of(*REDIS, deployment("web", env=env)))) is expected


@pytest.mark.parametrize(
    "container",
    [
        {"args": ["--cache=redis:6379"]},
        {"args": ["--cache", "redis:6379"]},
        {"command": ["connect", "redis://redis"]},
        {"args": ["--redis-host=redis", "--redis-port=6379"]},
        {"args": ["--redis-host", "redis"]},
        {"command": ["sh", "-c", "until nc -z redis 6379; do sleep 1; done"]},
        {"args": ["--at=$(WHERE)"], "env": [{"name": "WHERE", "value": "redis:6379"}]},
    ],
)
def test_commands(container: Object) -> None:
    assert told(of(*REDIS, using("web", container))) == ["web redis TCP 6379"]


def test_init_containers_count() -> None:
    waits = using("web", initContainers=[{"name": "wait", "args": ["redis:6379"]}])
    assert told(of(*REDIS, waits)) == ["web redis TCP 6379"]


STATEFUL = [several("db", 3, "StatefulSet", ports=[5432]), headless("db", 5432)]


@pytest.mark.parametrize(
    "address",
    [
        "db-0.db:5432",
        "db-1.db.default:5432",
        "db-2.db.default.svc.cluster.local:5432",
        "db-0.db.default.svc:5432",
        "postgres://db-0.db/x",
        "db:5432",
    ],
)
def test_members_of_a_stateful_set(address: str) -> None:
    assert told(of(*STATEFUL, deployment("web", env={"DB": address}))) == ["web db TCP 5432"]


def test_a_member_is_looked_for_in_the_callers_namespace_and_behind_its_own_service() -> None:
    far = [{**item, "metadata": {**item["metadata"], "namespace": "far"}} for item in STATEFUL]
    two = [several("db", kind="StatefulSet", ports=[1]), several("dc", kind="StatefulSet", ports=[1])]
    for item in two:
        item["spec"]["template"]["metadata"]["labels"] = {"app": "db"}
    assert told(of(*far, deployment("web", env={"DB": "db-0.db:5432"}))) == []
    assert told(of(*far, deployment("web", env={"DB": "db-0.db.far:5432"}))) == ["web far/db TCP 5432"]
    assert told(of(*two, headless("db", 1), deployment("web", env={"DB": "dc-0.db:1"}))) == ["web dc TCP 1"]


def test_a_headless_name_leads_to_any_port_of_the_pods() -> None:
    assert told(of(*STATEFUL, deployment("web", env={"DB": "db-0.db:9187"}))) == ["web db TCP 9187"]
    assert told(of(*STATEFUL, deployment("web", env={"DB": "db:9187"}))) == ["web db TCP 9187"]
    assert told(of(*REDIS, deployment("web", env={"DB": "redis:9187"}))) == [], (
        "a Service with an address has its ports"
    )


@pytest.mark.parametrize(
    ("item", "calls"),
    [
        (several("gossip", 3, ports=[7946], env={"JOIN": "gossip:7946"}), True),
        (several("gossip", 1, ports=[7946], env={"JOIN": "gossip:7946"}), False),
        (several("gossip", 1, "DaemonSet", ports=[7946], env={"JOIN": "gossip:7946"}), True),
        (several("gossip", 2, "StatefulSet", env={"SEEDS": "gossip-0.gossip:7946,gossip-1.gossip:7946"}), True),
        (several("gossip", 3, ports=[7946], env={"SERVICE": "gossip"}), False),
    ],
)
def test_members_that_name_their_own_service_call_each_other(item: Object, calls: bool) -> None:
    assert told(of(item, headless("gossip", 7946))) == (["gossip gossip TCP 7946"] if calls else [])


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"DNS": "udp://dns:53"}, ["UDP"]),
        ({"DNS": "tcp://dns:53"}, ["TCP"]),
        ({"DNS": "dns:53"}, ["TCP", "UDP"]),
        ({"DNS": "dns:53/udp"}, ["UDP"]),
        ({"DNS_UDP_ADDR": "dns:53"}, ["UDP"]),
        ({"DNS_TCP": "dns:53"}, ["TCP"]),
        ({"DNS_HOST": "dns", "DNS_PORT": "53", "DNS_PROTOCOL": "udp"}, ["UDP"]),
        ({"DNS": "http://dns:53"}, ["TCP"]),
        ({"STATS": "statsd://dns:53"}, ["UDP"]),
    ],
)
def test_udp_and_tcp_of_one_number_are_told_apart(env: dict[str, str], expected: list[str]) -> None:
    found = of(deployment("dns"), ports("dns", (53, "TCP"), (53, "UDP")), deployment("web", env=env))
    assert [one.protocol for one in found] == expected


def test_a_port_of_one_protocol_has_that_one() -> None:
    assert told(of(deployment("log"), ports("log", (514, "UDP")), deployment("web", env={"LOG": "log:514"}))) == [
        "web log UDP 514"
    ]
    assert told(of(deployment("web", env={"LOG": "udp://192.0.2.1:514", "API": "192.0.2.1:443"}))) == [
        "web 192.0.2.1 TCP 443",
        "web 192.0.2.1 UDP 514",
    ]


def test_services_of_other_kinds() -> None:
    alias = {
        "kind": "Service",
        "metadata": {"name": "cache"},
        "spec": {"type": "ExternalName", "externalName": "redis.default.svc.cluster.local"},
    }
    loop = {
        "kind": "Service",
        "metadata": {"name": "loop"},
        "spec": {"type": "ExternalName", "externalName": "loop.default.svc.cluster.local"},
    }
    bare = {"kind": "Service", "metadata": {"name": "old"}, "spec": {"ports": [{"port": 80, "targetPort": 8080}]}}
    ends = {
        "kind": "EndpointSlice",
        "metadata": {"name": "old-1", "labels": {"kubernetes.io/service-name": "old"}},
        "ports": [{"port": 8080}],
        "endpoints": [{"addresses": ["192.0.2.7"]}],
    }
    assert told(of(*REDIS, alias, deployment("web", env={"C": "cache:6379"}))) == ["web redis TCP 6379"]
    assert told(of(loop, deployment("web", env={"C": "loop:6379"}))) == []
    assert told(of(bare, ends, deployment("web", env={"C": "old:80"}))) == ["web 192.0.2.7 TCP 8080"]
    found = of(bare, deployment("web", env={"C": "old:80"}))
    assert not found.arrows and any("Service default/old has no selector" in note for note in found.notes)


def test_addresses_of_services_and_pods() -> None:
    assert told(
        of(deployment("redis"), service("redis", 1, 2, ip="10.96.0.9"), deployment("web", env={"C": "10.96.0.9:1"}))
    ) == ["web redis TCP 2"]
    assert told(of(pod("redis", ip="10.0.0.9"), deployment("web", env={"C": "10.0.0.9:1"}))) == ["web redis TCP 1"]


def test_a_named_target_port_is_each_workloads_own() -> None:
    one, two = deployment("a", ports=[("http", 81)]), deployment("b", ports=[("http", 82)])
    for item in (one, two):
        item["spec"]["template"]["metadata"]["labels"] = {"app": "ab"}
    found = of(one, two, service("ab", 80, "http"), deployment("web", env={"AB": "ab:80"}))
    assert told(found) == ["web a TCP 81", "web b TCP 82"]
    assert [(arrow.service, arrow.service_port) for arrow in found] == [("default/ab", 80)] * 2
    assert str(found.arrows[0]) == "web → a TCP 81" and found.arrows[0].through == "web → a TCP 81 (Service port 80)"


def test_evidence_says_the_object_the_field_and_the_place() -> None:
    text = "\n---\n".join(
        [
            "{kind: Service, apiVersion: v1, metadata: {name: r}, spec: {selector: {app: r}, ports: [{port: 1}]}}",
            "{kind: Pod, apiVersion: v1, metadata: {name: r, labels: {app: r}}, spec: {containers: [{name: c}]}}",
            "kind: Pod\napiVersion: v1\nmetadata: {name: web}\nspec: {containers: [{name: c, env: "
            "[{name: R, value: 'r:1'}]}]}",
        ]
    )
    evidence = needs(World.of(read(text, "app.yaml").objects)).arrows[0].evidence[0]
    assert evidence.place.startswith("app.yaml, document 3, line ")
    assert evidence.sentence == f"env R of Pod default/web ({evidence.place})"
    assert evidence.as_dict() == {
        "field": "env R",
        "object": "Pod default/web",
        "kind": "address",
        "place": evidence.place,
    }


def test_notes_say_what_could_not_become_an_arrow() -> None:
    notes = of(
        namespace("far"),
        *REDIS,
        service("empty", 1),
        deployment(
            "web",
            env={
                "A": "redi:6379",
                "B": "redis:6380",
                "C": "https://api.example.com/",
                "D": "other.far:1",
                "E": "x.nowhere.svc:1",
                "F": "empty:1",
                "G": "udp://redis:6379",
                "H": "wholly-unknown:1",
            },
        ),
    ).notes
    for part in (
        "there is no such Service; did you mean redis?",
        "and Service default/redis has 6379.",
        "a host outside: policies know addresses only",
        "names other.far:1",
        "the namespace nowhere is not in",
        "which selects no pod",
        "for another protocol",
        "names wholly-unknown:1 (env H), and there is no such",
    ):
        assert any(part in note for note in notes), (part, notes)
    assert len(notes) == 8


def test_the_clusters_own_arrows_are_not_the_applications() -> None:
    found = of(
        deployment("a", "kube-system"),
        service("a", 80, space="kube-system"),
        deployment("web", env={"A": "a.kube-system:80", "R": "redis:6379"}),
        *REDIS,
    )
    assert len(found) == 2 and [str(one) for one in found.of_application] == ["web → redis TCP 6379"]
