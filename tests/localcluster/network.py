"""A gateway over a store of hand-made objects, with echo servers for pods: no API, no kubelet."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane.gateway import Gateway

Object = dict[str, Any]


def policy(name: str, app: str, *, ingress: list[Object] | None = None, egress: list[Object] | None = None) -> Object:
    """A NetworkPolicy in `default` for the pods labelled app=`app`."""
    spec: Object = {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": []}
    for kind, rules in (("ingress", ingress), ("egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(kind.capitalize())
            spec[kind] = rules
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def from_app(app: str) -> Object:
    """An ingress rule that lets in the pods labelled app=`app`."""
    return {"from": [{"podSelector": {"matchLabels": {"app": app}}}]}


class Network:
    """The gateway with what a test needs to make pods and Services and to dial."""

    def __init__(self, store: Store, gateway: Gateway) -> None:
        self.store = store
        self.gateway = gateway
        self._servers: dict[str, list[asyncio.Server]] = {}
        self._writers: list[asyncio.StreamWriter] = []

    def namespace(self, name: str) -> None:
        self.store.create(
            "namespaces",
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            },
        )

    async def pod(
        self,
        name: str,
        *ports: int,
        namespace: str = "default",
        app: str | None = None,
        declared: list[Object] | None = None,
    ) -> Object:
        """A pod whose `ports` echo, each line with the pod's name in front."""
        made = self.store.create(
            "pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "labels": {"app": app or name}},
                "spec": {"nodeName": "lab-node", "containers": [{"name": "server", "ports": declared or []}]},
            },
        )
        attached = self.gateway.attach(made)
        for port in ports:
            await self.listen(made, port)
        status = {"phase": "Running", "podIP": attached.address, "podIPs": [{"ip": attached.address}]}
        pod = self.store.update_status("pods", namespace, name, status)
        assert pod is not None
        return pod

    async def listen(self, pod: Object, port: int) -> None:
        name = pod["metadata"]["name"]

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            try:
                while line := await reader.readline():
                    writer.write(f"{name}: ".encode() + line)
                    await writer.drain()
            except ConnectionError:
                pass
            finally:
                writer.close()

        path = self.gateway.attach(pod).directory / f"{port}.sock"
        self._servers.setdefault(name, []).append(await asyncio.start_unix_server(echo, path))

    def service(
        self,
        name: str,
        port: int,
        target: int,
        *pods: Object,
        namespace: str = "default",
        address: str | None = None,
        protocol: str = "TCP",
        port_name: str = "",
    ) -> None:
        """A Service in front of pods, with the EndpointSlice that the controller would make."""
        address = address or f"10.96.1.{len(self.store.list('services')) + 1}"
        self.store.create(
            "services",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "clusterIP": address,
                    "clusterIPs": [address] if address != "None" else [],
                    "ports": [{"name": port_name, "port": port, "targetPort": target, "protocol": protocol}],
                },
            },
        )
        self.endpoints(name, target, *pods, namespace=namespace, protocol=protocol, port_name=port_name)

    def endpoints(
        self,
        service: str,
        target: int,
        *pods: Object,
        namespace: str = "default",
        protocol: str = "TCP",
        port_name: str = "",
        suffix: str = "1",
    ) -> None:
        self.store.create(
            "endpointslices.discovery.k8s.io",
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "addressType": "IPv4",
                "metadata": {
                    "name": f"{service}-{suffix}",
                    "namespace": namespace,
                    "labels": {"kubernetes.io/service-name": service},
                },
                "ports": [{"name": port_name, "port": target, "protocol": protocol}],
                "endpoints": [{"addresses": [pod["status"]["podIP"]], "conditions": {"ready": True}} for pod in pods],
            },
        )

    def apply(self, *policies: Object) -> None:
        for item in policies:
            self.store.create("networkpolicies.networking.k8s.io", item)

    def remove_policy(self, name: str) -> None:
        assert self.store.delete("networkpolicies.networking.k8s.io", "default", name)

    async def open(
        self, pod: Object, head: str | None = None, target: str = "", headers: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the gateway as this pod and send a request head; CONNECT `target` unless another is given."""
        url = urlsplit(self.gateway.attach(pod).environment["grpc_proxy"])
        assert url.hostname and url.port and url.username and url.password
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        self._writers.append(writer)
        secret = base64.b64encode(f"{unquote(url.username)}:{unquote(url.password)}".encode()).decode()
        head = head or f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
        writer.write(f"{head}{headers}Proxy-Authorization: Basic {secret}\r\n\r\n".encode())
        await writer.drain()
        return reader, writer

    async def connect(self, pod: Object, target: str, headers: str = "", seconds: float = 1.0) -> str:
        """What becomes of a CONNECT: "dropped" after `seconds`, else the answer's status and reason."""
        reader, writer = await self.open(pod, target=target, headers=headers)
        try:
            async with asyncio.timeout(seconds):
                answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        except TimeoutError:
            return "dropped"
        finally:
            writer.close()
        reasons = [line.partition(": ")[2] for line in answer.split("\r\n") if line.startswith("X-Lab-Reason")]
        return " ".join([answer.split()[1], *reasons])

    async def tunnel(self, pod: Object, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that was let through."""
        reader, writer = await self.open(pod, target=target)
        async with asyncio.timeout(2):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        for servers in self._servers.values():
            for server in servers:
                server.close()
        await asyncio.sleep(0.01)


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> str:
    """One line to the pod and its answer."""
    writer.write(f"{text}\n".encode())
    await writer.drain()
    async with asyncio.timeout(2):
        return (await reader.readline()).decode().rstrip("\n")


@asynccontextmanager
async def network(directory: Path, dns: bool = True) -> AsyncIterator[Network]:
    """A gateway with the namespaces of a fresh cluster and, unless told otherwise, its DNS."""
    store = Store()
    gateway = Gateway(store, directory)
    await gateway.start()
    net = Network(store, gateway)
    try:
        for name in ("default", "kube-system"):
            net.namespace(name)
        if dns:
            server = await net.pod(
                "coredns", namespace="kube-system", app="kube-dns", declared=[{"containerPort": 53, "protocol": "UDP"}]
            )
            net.service(
                "kube-dns",
                53,
                53,
                server,
                namespace="kube-system",
                address="10.96.0.10",
                protocol="UDP",
                port_name="dns",
            )
        yield net
    finally:
        await net.close()
        await gateway.stop()
        store.close()
