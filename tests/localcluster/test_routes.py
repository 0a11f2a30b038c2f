"""Ingress rules, names behind Services, and ports of the node."""

import asyncio
import socket
from typing import Any

import pytest

from helpers.localcluster.api.kinds import SERVICES
from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane.directory import Directory, UnknownName, pod_names
from helpers.localcluster.doors.routes import choose
from helpers.localcluster.kubelet.images.zone import names

Object = dict[str, Any]


def ingress(*rules: tuple[str, str, str, str], default: str = "") -> Object:
    """Rules as host, path, type and Service."""
    spec: Object = {"rules": [
        {**({"host": host} if host else {}), "http": {"paths": [
            {"path": path, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": 80}}}}]}}
        for host, path, kind, name in rules]}  # fmt: skip
    if default:
        spec["defaultBackend"] = {"service": {"name": default, "port": {"name": "http"}}}
    return {"metadata": {"name": "x", "namespace": "team"}, "spec": spec}


RULES = ingress(
    ("", "/", "Prefix", "any"), ("a.example", "/", "Prefix", "a"), ("*.example", "/", "Prefix", "star"),
    ("a.example", "/img", "Prefix", "images"), ("a.example", "/img/logo", "Exact", "logo"), default="rest",
)  # fmt: skip


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("a.example", "/", "a"), ("A.Example", "/x", "a"), ("b.example", "/", "star"), ("x.b.example", "/", "any"),
        ("a.example", "/img", "images"), ("a.example", "/img/x", "images"), ("a.example", "/imgs", "a"),
        ("a.example", "/img/logo", "logo"), ("a.example", "/img/logo/x", "images"), ("else", "/", "any"),
    ],
)  # fmt: skip
def test_the_best_rule_wins(host: str, path: str, service: str) -> None:
    found = choose([RULES], host, path)
    assert found and found.service == service and found.namespace == "team"


def test_without_a_rule_the_default_or_nothing() -> None:
    only = ingress(("a.example", "/", "Prefix", "a"))
    assert choose([only], "b.example", "/") is None and choose([], "b", "/") is None
    found = choose([ingress(default="rest")], "b.example", "/")
    assert found and (found.service, found.port) == ("rest", "http")


def store() -> Store:
    made = Store()

    def service(name: str, **spec: Any) -> None:
        obj = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
        made.create(SERVICES.key, SERVICES.default(obj))

    service("web", clusterIP="10.96.0.7", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    service("db", clusterIP="None", ports=[{"port": 6379}])
    service("alias", type="ExternalName", externalName="web.default.svc.cluster.local.")
    service("away", type="ExternalName", externalName="api.example.com")
    service("round", type="ExternalName", externalName="about")
    service("about", type="ExternalName", externalName="round.default")
    endpoints = [{"addresses": [f"10.244.0.{number}"], "hostname": f"db-{number}", "conditions": {"ready": number < 2}}
                 for number in range(3)]  # fmt: skip
    made.create(
        "endpointslices.discovery.k8s.io",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "addressType": "IPv4",
            "endpoints": endpoints,
            "metadata": {"name": "db-x", "namespace": "default", "labels": {"kubernetes.io/service-name": "db"}},
        },
    )
    return made


def test_names_lead_past_aliases_and_never_in_a_circle() -> None:
    directory = Directory(store())
    assert directory.resolve("alias", "default") == ("default", "web")
    for name in ("away", "round", "nosuch"):
        with pytest.raises(UnknownName):
            directory.resolve(name, "default")


@pytest.mark.parametrize("name", ["db-1.db", "db-1.db.default", "db-1.db.default.svc",
                                  "db-1.db.default.svc.cluster.local"])  # fmt: skip
def test_a_pod_behind_a_service_has_a_name(name: str) -> None:
    assert Directory(store()).pod_address(name, "default") == "10.244.0.1"


def test_no_name_without_a_pod_that_is_ready() -> None:
    directory = Directory(store())
    assert directory.pod_address("db-2.db", "default") is None, "it isn't Ready"
    for name in ("db", "db-0", "db-0.db.team", "db-9.db", "a.b.c.d.e.f.g", "", "."):
        assert directory.pod_address(name, "default") is None
        assert isinstance([*pod_names(name, "default")], list)


def test_a_port_of_the_node_belongs_to_a_service_until_it_goes() -> None:
    held = store()
    directory = Directory(held)
    held.subscribe(directory.notice)
    assert directory.behind_node_port(30080, "TCP") == (("default", "web"), 80)
    assert directory.behind_node_port(30080, "UDP") is None
    held.delete(SERVICES.key, "default", "web")
    assert directory.behind_node_port(30080, "TCP") is None


def test_the_zone_has_names_for_all_of_these() -> None:
    held = store()
    zone = names(held.list(SERVICES.key), held.list("endpointslices.discovery.k8s.io"))
    assert zone == {"web.default": "10.96.0.7", "alias.default": "10.96.0.7", "away.default": "", "round.default": "",
                    "about.default": "", "db.default": "10.244.0.0", "db-0.db.default": "10.244.0.0",
                    "db-1.db.default": "10.244.0.1"}  # fmt: skip


def test_a_node_port_is_reached_on_loopback(tmp_path_factory: pytest.TempPathFactory) -> None:
    from helpers.localcluster.doors.nodeports import NodePorts

    from .network import network

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]

    async def scenario() -> None:
        async with network(tmp_path_factory.mktemp("n")) as net:
            pod = await net.pod("web")

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"pong")
                writer.close()

            server = await asyncio.start_unix_server(answer, net.gateway.attach(pod).directory / "8080.sock")
            ports = NodePorts(net.gateway, net.store)
            await ports.start()
            net.service("web", 80, 8080, pod)
            held = net.store.get("services", "default", "web")
            port = {**held["spec"]["ports"][0], "nodePort": number, "protocol": "TCP"}
            net.store.update("services", {**held, "spec": {**held["spec"], "type": "NodePort", "ports": [port]}})
            await asyncio.sleep(0.05)
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            assert await asyncio.wait_for(reader.read(), 5) == b"pong"
            writer.close()
            flow = next(item for item in net.gateway.flows.list() if not item["dns"])
            assert (flow["source"]["address"], flow["target"]["name"]) == ("198.51.100.1", "web")
            net.store.delete("services", "default", "web")
            await asyncio.sleep(0.05)
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", number)
            await ports.stop()
            server.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))
