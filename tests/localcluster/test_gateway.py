"""Connections through the gateway, between pods that are sockets."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane import gateway as gateway_module
from helpers.localcluster.dataplane.gateway import Gateway

from .network import Network, from_app, network, policy, say


@pytest.fixture
def pods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("p")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_a_service_is_reached_by_each_of_its_names(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            frontend, shipping = await net.pod("frontend"), await net.pod("shipping", 50051)
            net.service("shippingservice", 80, 50051, shipping, address="10.96.7.7")
            address = shipping["status"]["podIP"]
            for target in (
                "shippingservice:80",
                "shippingservice.default:80",
                "shippingservice.default.svc:80",
                "ShippingService.default.svc.cluster.local:80",
                "shippingservice.default.svc.cluster.local.:80",
                "10.96.7.7:80",
                f"{address}:50051",
            ):
                reader, writer = await net.tunnel(frontend, target)
                assert await say(reader, writer, "hello") == "shipping: hello", target
            assert await net.connect(frontend, "shippingservice.default.cluster.local:80") == "503 no such host"
            assert await net.connect(frontend, "shippingservice.kube-system:80") == "503 no such host"

    run(scenario())


def test_short_names_mean_the_callers_namespace(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            net.namespace("other")
            here, there = await net.pod("one", 80), await net.pod("two", 80, namespace="other")
            net.service("web", 80, 80, here)
            net.service("web", 80, 80, there, namespace="other")
            assert await say(*await net.tunnel(here, "web:80"), "x") == "one: x"
            assert await say(*await net.tunnel(there, "web:80"), "x") == "two: x"
            assert await say(*await net.tunnel(here, "web.other:80"), "x") == "two: x"

    run(scenario())


def test_endpoints_take_turns_and_each_pod_has_its_own_port_number(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client = await net.pod("client")
            one, two = await net.pod("one", 8080), await net.pod("two", 9090)
            net.service("web", 80, 8080, one, port_name="http")
            net.endpoints("web", 9090, two, port_name="http", suffix="2")
            answers = [await say(*await net.tunnel(client, "web:80"), "x") for _ in range(4)]
            assert sorted(answers) == ["one: x", "one: x", "two: x", "two: x"]

    run(scenario())


@pytest.mark.parametrize(
    ("rule", "answer"), [([], "dropped"), ([from_app("other")], "dropped"), ([from_app("web")], "200")]
)
def test_a_pod_that_calls_its_own_service_is_judged_and_its_own_address_isnt(
    pods: Path, rule: list[Any], answer: str
) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            web = await net.pod("web", 8080)
            net.service("web", 80, 8080, web, address="10.96.7.7")
            net.service("alone", 80, 8080, web, address="None")
            net.apply(policy("in", "web", ingress=rule))
            assert await net.connect(web, "web:80", seconds=0.2) == answer
            assert await net.connect(web, "10.96.7.7:80", seconds=0.2) == answer
            own = (f"{web['status']['podIP']}:8080", "localhost:8080", "alone:8080")
            assert [await net.connect(web, target) for target in own] == ["200"] * 3

    run(scenario())


def test_nothing_listens_no_endpoints_no_port_no_route(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, silent = await net.pod("client"), await net.pod("silent")
            net.service("silent", 80, 8080, silent)
            net.service("empty", 80, 8080)
            assert await net.connect(client, "silent:80") == "502 connection refused"
            assert await net.connect(client, "empty:80") == "502 connection refused"
            assert await net.connect(client, "silent:81") == "502 connection refused"
            assert await net.connect(client, "nosuch:80") == "503 no such host"
            assert await net.connect(client, "example.invalid:443") == "503 no such host"
            assert (await net.connect(client, "10.244.9.9:443")).startswith("502 no route")
            flows = {(f["port"], f["verdict"]) for f in net.gateway.flows.list() if not f["dns"]}
            assert flows == {(8080, "refused"), (80, "refused"), (81, "refused"), (443, "refused"), (443, "allowed")}

    run(scenario())


def test_a_drop_is_silent_and_let_through_when_a_policy_allows(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server)
            net.apply(policy("deny", "server", ingress=[]))
            reader, writer = await net.open(client, target="server:80")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await reader.read(1)
            net.apply(policy("allow", "server", ingress=[from_app("client")]))
            async with asyncio.timeout(0.2):
                assert b"200" in await reader.readuntil(b"\r\n\r\n")
            assert await say(reader, writer, "x") == "server: x"
            flows = [f for f in net.gateway.flows.list() if not f["dns"]]
            assert [(f["verdict"], f["policies"]) for f in flows] == [
                ("denied", ["default/deny"]),
                ("allowed", ["default/allow"]),
            ]
            assert flows[0]["target"]["service"] == "default/server"
            assert flows[0]["source"]["labels"] == {"app": "client"}

    run(scenario())


def test_what_stands_stays_and_a_new_connection_is_dropped(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server)
            standing = await net.tunnel(client, "server:80")
            net.apply(policy("deny", "server", ingress=[]))
            assert await say(*standing, "still") == "server: still"
            assert await net.connect(client, "server:80", seconds=0.1) == "dropped"

    run(scenario())


def test_a_deleted_pods_connections_are_cut_at_both_ends(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            one, two, three = await net.pod("one", 80), await net.pod("two", 80), await net.pod("three", 80)
            outgoing = await net.tunnel(one, f"{two['status']['podIP']}:80")
            incoming = await net.tunnel(three, f"{one['status']['podIP']}:80")
            unrelated = await net.tunnel(three, f"{two['status']['podIP']}:80")
            directory = net.gateway.attach(one).directory
            net.gateway.detach(one["metadata"]["uid"])
            for reader, _ in (outgoing, incoming):
                async with asyncio.timeout(1):
                    assert await reader.read() == b""
            assert await say(*unrelated, "x") == "two: x"
            assert not directory.exists()

    run(scenario())


def test_a_pod_without_dns_cannot_look_up_names_but_dials_addresses(
    pods: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "LOOKUP_SECONDS", 0.15)

    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server, address="10.96.7.7")
            to_server = {"to": [{"podSelector": {"matchLabels": {"app": "server"}}}]}
            net.apply(policy("only-server", "client", egress=[to_server]))
            assert await net.connect(client, "server:80") == "504 lookup: i/o timeout"
            assert await net.connect(client, "10.96.7.7:80") == "200"
            lookup = next(f for f in net.gateway.flows.list() if f["dns"])
            assert (lookup["verdict"], lookup["port"], lookup["protocol"], lookup["target"]["name"]) == (
                "denied",
                53,
                "UDP",
                "coredns",
            )
            net.apply(policy("dns", "client", egress=[{"ports": [{"protocol": "UDP", "port": 53}]}]))
            assert await net.connect(client, "server:80") == "200"

    run(scenario())


def test_a_lookup_waits_for_the_dns_server(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods, dns=False) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server)
            attempt = asyncio.create_task(net.connect(client, "server:80"))
            await asyncio.sleep(0.05)
            dns = await net.pod("coredns", namespace="kube-system", declared=[{"containerPort": 53, "protocol": "UDP"}])
            net.service("kube-dns", 53, 53, dns, namespace="kube-system", protocol="UDP", port_name="dns")
            assert await attempt == "200"

    run(scenario())


def test_a_client_that_names_its_patience_is_told_of_a_drop(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server)
            net.apply(policy("deny", "server", ingress=[]))
            assert await net.connect(client, "server:80", "X-Lab-Timeout: 0.1\r\n") == "504 i/o timeout"
            net.apply(policy("no-dns", "client", egress=[]))
            assert await net.connect(client, "server:80", "X-Lab-Timeout: 0.1\r\n") == "504 lookup: i/o timeout"
            assert (await net.connect(client, "server:80", "X-Lab-Timeout: soon\r\n")).startswith("400 ")

    run(scenario())


def test_own_address_and_localhost_need_no_policy(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            pod = await net.pod("self", 80)
            net.apply(policy("nothing", "self", ingress=[], egress=[]))
            assert await say(*await net.tunnel(pod, f"{pod['status']['podIP']}:80"), "x") == "self: x"
            assert await say(*await net.tunnel(pod, "localhost:80"), "x") == "self: x"

    run(scenario())


def test_the_node_dials_whatever_policies_say(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            pod = await net.pod("server", 80)
            net.apply(policy("deny", "server", ingress=[]))
            reader, writer = await net.gateway.dial(pod["metadata"]["uid"], 80)
            assert await say(reader, writer, "probe") == "server: probe"
            writer.close()
            with pytest.raises(ConnectionRefusedError):
                await net.gateway.dial(pod["metadata"]["uid"], 81)

    run(scenario())


def test_the_kubernetes_service_leads_to_the_api(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client = await net.pod("client")
            api = await asyncio.start_server(lambda r, w: (w.write(b"api\n"), w.close())[0], "127.0.0.1", 0)
            net.gateway.serve_api(api.sockets[0].getsockname()[1])
            net.service("kubernetes", 443, 6443, {"status": {"podIP": "172.20.0.2"}}, address="10.96.0.1")
            reader, _ = await net.tunnel(client, "kubernetes:443")
            assert await reader.readline() == b"api\n"
            api.close()

    run(scenario())


def test_half_close_carries_on_the_other_way(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")

            async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(str(len(await reader.read())).encode())
                writer.close()

            path = net.gateway.attach(server).directory / "80.sock"
            listener = await asyncio.start_unix_server(count, path)
            reader, writer = await net.tunnel(client, f"{server['status']['podIP']}:80")
            size = 3_000_000  # more than all buffers hold: back-pressure has to work, too
            writer.write(b"x" * size)
            writer.write_eof()
            async with asyncio.timeout(5):
                assert await reader.read() == str(size).encode()
            listener.close()

    run(scenario())


def test_a_slow_reader_slows_the_writer_down(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            written = 0

            async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal written
                try:
                    for _i in range(1000):
                        writer.write(b"x" * 65536)
                        await writer.drain()
                        written += 65536
                except ConnectionError:
                    pass
                finally:
                    writer.close()

            listener = await asyncio.start_unix_server(pour, net.gateway.attach(server).directory / "80.sock")
            _, writer = await net.tunnel(client, f"{server['status']['podIP']}:80")
            await asyncio.sleep(0.3)
            assert written < 16_000_000
            writer.close()
            listener.close()
            await asyncio.sleep(0.05)

    run(scenario())


def test_what_is_stored_before_the_start_counts(pods: Path) -> None:
    async def scenario() -> None:
        store = Store()
        gateway = Gateway(store, pods)
        net = Network(store, gateway)
        for name in ("default", "kube-system"):
            net.namespace(name)
        net.service("kubernetes", 443, 6443, {"status": {"podIP": "172.20.0.2"}}, address="10.96.0.1")
        await gateway.start()
        client = await net.pod("client")
        await net.connect(client, "10.96.0.1:443")
        assert gateway.flows.list()[-1]["target"]["service"] == "default/kubernetes"
        await net.close()
        await gateway.stop()

    run(scenario())


def test_addresses_are_kept_and_directories_are_private(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            pod = await net.pod("one", 80)
            attached = net.gateway.attach(pod)
            assert attached == net.gateway.attach(pod)
            assert os.stat(attached.directory).st_mode & 0o777 == 0o700
            net.gateway.detach(pod["metadata"]["uid"])
            assert net.gateway.attach(pod).address == attached.address
            taken = await net.pod("two")
            assert taken["status"]["podIP"] != attached.address

    run(scenario())


def test_stop_leaves_nothing(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            await net.tunnel(client, f"{server['status']['podIP']}:80")
            await net.gateway.stop()
            assert list(pods.iterdir()) == []
            assert net.gateway.counts() == {"connections": 0, "parked": 0, "pods": 0}

    run(scenario())
