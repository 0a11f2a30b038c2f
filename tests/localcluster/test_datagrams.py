"""UDP and SCTP through the gateway: judged once a flow, standing flows as conntrack has them, hostile bytes."""

import asyncio
import os
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.dataplane import datagrams
from helpers.podnet.datagrams import LONGEST, frame
from helpers.podnet.places import flow_source

from .network import Network, Object, from_app, network, policy

UDP, SCTP = "X-Lab-Protocol: udp\r\n", "X-Lab-Protocol: sctp\r\n"


@pytest.fixture
def pods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("p")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


class Flow:
    """A pod's end of a flow."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def open(cls, net: Network, pod: Object, target: str) -> "Flow":
        reader, writer = await net.open(pod, target=target, headers=UDP)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        return cls(reader, writer)

    async def ask(self, data: bytes, seconds: float = 0.15) -> bytes | None:
        """What comes back for a datagram: None if nothing does. Raises ConnectionRefusedError."""
        self.writer.write(frame(data))
        try:
            async with asyncio.timeout(seconds):
                length = int.from_bytes(await self._reader.readexactly(2), "big")
                if length == 0xFFFF:
                    raise ConnectionRefusedError
                return await self._reader.readexactly(length)
        except TimeoutError:
            return None


def serve(net: Network, pod: Object, port: int) -> socket.socket:
    """Answer each datagram with the pod's name, the sender's address, and the datagram."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    door.setblocking(False)
    door.bind(str(net.gateway.attach(pod).directory / f"{port}.udp"))

    def read() -> None:
        data, sender = door.recvfrom(65536)
        place = flow_source(sender)[0]
        door.sendto(f"{pod['metadata']['name']} {place} ".encode() + data, sender)

    asyncio.get_running_loop().add_reader(door, read)
    return door


def stop(door: socket.socket) -> None:
    asyncio.get_running_loop().remove_reader(door)
    door.close()


def flows(net: Network, protocol: str = "UDP") -> list[tuple[str, int, str, bool]]:
    return [
        (flow["verdict"], flow["port"], flow["target"]["name"], flow["dns"])
        for flow in net.gateway.flows.list()
        if flow["protocol"] == protocol
    ]


def test_a_datagram_finds_a_pod_by_address_and_through_a_service(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            net.service("server", 53, 5353, server, address="10.96.7.7", protocol="UDP")
            door, mine = serve(net, server, 5353), client["status"]["podIP"].encode()
            by_service = await Flow.open(net, client, "10.96.7.7:53")
            assert await by_service.ask(b"one") == b"server " + mine + b" one"
            direct = await Flow.open(net, client, f"{server['status']['podIP']}:5353")
            assert await direct.ask(b"") == b"server " + mine + b" "
            assert await direct.ask(b"x" * 20000) == b"server " + mine + b" " + b"x" * 20000
            assert flows(net) == [("allowed", 5353, "server", False), ("allowed", 5353, "server", False)]
            stop(door)

    run(scenario())


def test_a_datagram_to_the_sender_s_own_service_is_judged(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            server = await net.pod("server")
            door = serve(net, server, 99)
            net.service("mirror", 53, 99, server, protocol="UDP", address="10.96.9.9")
            net.apply(policy("deny", "server", ingress=[from_app("other")]))
            own = await Flow.open(net, server, f"{server['status']['podIP']}:99")
            assert await own.ask(b"me") is not None
            service = await Flow.open(net, server, "10.96.9.9:53")
            assert await service.ask(b"me") is None
            stop(door)

    run(scenario())


def test_a_flow_is_logged_once_and_a_lookup_as_one(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            dns = net.store.get("pods", "kube-system", "coredns")
            assert dns
            client, door = await net.pod("client"), serve(net, dns, 53)
            flow = await Flow.open(net, client, "10.96.0.10:53")
            for _ in range(5):
                assert await flow.ask(b"q")
            assert flows(net) == [("allowed", 53, "coredns", True)]
            stop(door)

    run(scenario())


def test_a_denied_datagram_is_lost_and_the_next_one_judged_anew(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            door = serve(net, server, 99)
            net.apply(policy("deny", "server", ingress=[from_app("other")]))
            flow = await Flow.open(net, client, f"{server['status']['podIP']}:99")
            assert await flow.ask(b"lost") is None
            net.remove_policy("deny")
            assert await flow.ask(b"found") == b"server " + client["status"]["podIP"].encode() + b" found"
            assert [entry[0] for entry in flows(net)] == ["denied", "allowed"]
            stop(door)

    run(scenario())


def test_a_standing_flow_outlives_a_new_policy_until_it_was_silent(pods: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            door = serve(net, server, 99)
            flow = await Flow.open(net, client, f"{server['status']['podIP']}:99")
            assert await flow.ask(b"first")
            net.apply(policy("deny", "server", ingress=[]))
            assert await flow.ask(b"still"), "as conntrack has it"
            monkeypatch.setattr(datagrams, "STREAM_SECONDS", 0.05)
            await asyncio.sleep(0.1)
            assert await flow.ask(b"too late") is None
            other = await Flow.open(net, client, f"{server['status']['podIP']}:99")
            assert await other.ask(b"new") is None
            stop(door)

    run(scenario())


def test_only_the_rule_s_protocol_lets_a_datagram_in(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 99)
            door, target = serve(net, server, 99), f"{server['status']['podIP']}:99"
            net.apply(policy("tcp", "server", ingress=[{"ports": [{"protocol": "TCP", "port": 99}]}]))
            assert await net.connect(client, target) == "200"
            assert await (await Flow.open(net, client, target)).ask(b"x") is None
            net.apply(policy("udp", "server", ingress=[{"ports": [{"protocol": "UDP", "port": 99}]}]))
            assert await (await Flow.open(net, client, target)).ask(b"x")
            stop(door)

    run(scenario())


def test_where_nothing_listens_the_sender_is_told(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            target = f"{server['status']['podIP']}:99"
            flow = await Flow.open(net, client, target)
            with pytest.raises(ConnectionRefusedError):
                await flow.ask(b"x")
            door = serve(net, server, 99)
            await asyncio.sleep(datagrams.DENIED_SECONDS)
            assert await flow.ask(b"x")
            stop(door)  # the socket's file stays: a server that has crashed
            with pytest.raises(ConnectionRefusedError):
                await flow.ask(b"x")
            refused, allowed = (flow for flow in net.gateway.flows.list() if flow["protocol"] == "UDP")
            assert (refused["verdict"], refused["attempts"], allowed["verdict"]) == ("refused", 2, "allowed")

    run(scenario())


def test_when_the_pod_goes_the_flow_finds_another(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, one, two = await net.pod("client"), await net.pod("one"), await net.pod("two")
            net.service("both", 99, 99, one, address="10.96.7.7", protocol="UDP")
            doors = [serve(net, one, 99), serve(net, two, 99)]
            flow = await Flow.open(net, client, "10.96.7.7:99")
            assert (await flow.ask(b"x") or b"").startswith(b"one ")
            net.store.delete("endpointslices.discovery.k8s.io", "default", "both-1")
            net.endpoints("both", 99, two, protocol="UDP", suffix="2")
            assert (await flow.ask(b"x") or b"").startswith(b"one "), "what stands, stands"
            net.gateway.detach(one["metadata"]["uid"])
            assert (await flow.ask(b"x") or b"").startswith(b"two ")
            net.gateway.detach(client["metadata"]["uid"])
            assert net.gateway.counts()["connections"] == 0
            for door in doors:
                stop(door)

    run(scenario())


def test_nothing_of_a_flow_is_left(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            door, before = serve(net, server, 99), len(os.listdir("/proc/self/fd"))
            for _ in range(20):
                flow = await Flow.open(net, client, f"{server['status']['podIP']}:99")
                assert await flow.ask(b"x")
                flow.writer.close()
            await asyncio.sleep(0.05)
            assert net.gateway.counts()["connections"] == 0
            assert len(os.listdir("/proc/self/fd")) == before
            assert [path.name for path in net.gateway.attach(server).directory.iterdir()] == ["99.udp"]
            stop(door)

    run(scenario())


def test_hostile_bytes_end_their_own_flow_only(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server")
            door, target = serve(net, server, 99), f"{server['status']['podIP']}:99"
            good = await Flow.open(net, client, target)
            for hostile in (b"\xff\xff", (LONGEST + 1).to_bytes(2, "big") + b"x" * 66000, b"\0", b"\0\x09short"):
                flow = await Flow.open(net, client, target)
                flow.writer.write(hostile)
                await asyncio.sleep(0.01)
                flow.writer.close()
                assert await good.ask(b"x")
            flood = await Flow.open(net, client, target)
            flood.writer.write(frame(b"y" * 1000) * 5000)
            assert await good.ask(b"x", seconds=5)
            flood.writer.write(frame(b"") * 200_000)
            begun = asyncio.get_running_loop().time()
            assert await good.ask(b"x", seconds=5)
            assert asyncio.get_running_loop().time() - begun < 2, "others have their turn"
            stop(door)

    run(scenario())


@pytest.mark.parametrize("head", [UDP, "X-Lab-Protocol: icmp\r\n"])
def test_what_has_no_connection_goes_to_an_address(pods: Path, head: str) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            answer = await net.connect(await net.pod("client"), "server:99", head)
            assert answer.startswith("400 ") and "look the name up first" in answer

    run(scenario())


def test_sctp_is_a_connection_of_its_own(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            directory, target = net.gateway.attach(server).directory, f"{server['status']['podIP']}:80"
            assert await net.connect(client, target, SCTP) == "502 connection refused"
            os.rename(directory / "80.sock", directory / "80.sctp")
            assert await net.connect(client, target, SCTP) == "200"
            assert await net.connect(client, target) == "502 connection refused"
            net.apply(policy("no-sctp", "server", ingress=[{"ports": [{"protocol": "TCP"}]}]))
            assert await net.connect(client, target, SCTP, seconds=0.1) == "dropped"
            assert [entry[0] for entry in flows(net, "SCTP")] == ["refused", "allowed", "denied"]

    run(scenario())


def test_a_ping_passes_where_a_rule_names_no_port(pods: Path) -> None:
    async def scenario() -> None:
        async with network(pods) as net:
            client, server = await net.pod("client"), await net.pod("server", 80)
            net.service("server", 80, 80, server, address="10.96.7.7")
            ping, target = "X-Lab-Protocol: icmp\r\n", f"{server['status']['podIP']}:7"
            assert await net.connect(client, target, ping) == "200 reply"
            assert await net.connect(client, "10.96.7.7:7", ping, seconds=0.1) == "dropped", "no pod has this address"
            net.apply(policy("port", "server", ingress=[{"ports": [{"port": 80}]}]))
            assert await net.connect(client, target, ping, seconds=0.1) == "dropped"
            net.apply(policy("any", "server", ingress=[from_app("client")]))
            assert await net.connect(client, target, ping) == "200 reply"

    run(scenario())
