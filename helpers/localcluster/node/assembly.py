"""The node put together: store, API, controllers, kubelet, dataplane, ingress; started in order, stopped in reverse."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

from helpers.localcluster.api import seed
from helpers.localcluster.api.app import build
from helpers.localcluster.api.errors import StoreError
from helpers.localcluster.api.http.server import Server
from helpers.localcluster.api.podstatus import pod_cells
from helpers.localcluster.api.storage.store import Object, Store
from helpers.localcluster.controllers import Controllers
from helpers.localcluster.dataplane.flowlog import FlowLog
from helpers.localcluster.dataplane.gateway import Gateway
from helpers.localcluster.doors.ingress import Ingress
from helpers.localcluster.doors.nodeports import NodePorts
from helpers.localcluster.kubelet.kubelet import Kubelet
from helpers.localcluster.kubelet.processes.forkserver import ForkServer
from helpers.localcluster.node import certificates as pki
from helpers.localcluster.node import kubeconfig, system
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.lifetime import Lifetime
from helpers.localcluster.node.private import FREE_SPACE, FULL, write_private
from helpers.localcluster.node.processes import of_cluster, title
from helpers.localcluster.node.status import CONTROL
from helpers.localcluster.node.use import Use, UsedApplication

log = logging.getLogger("node")

STOP_SECONDS = 3.0

Report = Callable[[str | None], None]
"""Tells whoever started the node that it serves (None), or why it can't."""


def serve(home: Home, fork_server: ForkServer, report: Report) -> int:
    """Run until SIGTERM; returns the exit status."""
    try:
        return asyncio.run(_run(home, fork_server, report))
    except StoreError as error:
        report(str(error))
        return 1
    except Exception as error:
        log.exception("the node has failed")
        full = isinstance(error, OSError) and error.errno in FULL
        with contextlib.suppress(ValueError, OSError):
            report(
                f"The disk of {home.root} is full. {FREE_SPACE}"
                if full
                else f"The node could not start: {error}. More is in {home.node_log}."
            )
        return 1


async def _run(home: Home, fork_server: ForkServer, report: Report) -> int:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    node = Node(home, fork_server)
    try:
        await node.start()
        report(None)
        # What start-up made lives as long as the node: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        await _first(ended.wait(), node.is_over())
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(node.stop(), STOP_SECONDS)
    return 0


async def _first(*ends: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of several; the others are given up."""
    waiting = [asyncio.ensure_future(end) for end in ends]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


class Node:
    """All parts of one node."""

    def __init__(self, home: Home, fork_server: ForkServer) -> None:
        self._home = home
        self._lifetime = Lifetime.of(os.environ)
        self._use = Use()
        self._credentials = pki.ensure(home.pki)  # forks, and so comes before the store starts threads
        self._store = Store.open(home.database)
        self._gateway = Gateway(self._store, home.pods)
        self._kubelet = Kubelet(self._store, self._gateway, home, fork_server)
        self._controllers = Controllers(self._store)
        self._ingress = Ingress(
            self._gateway, self._store, home.shop_socket, self._credentials.shop_secret, self._use.note
        )
        streams = Streams(self._kubelet, self._gateway)
        self._node_ports = NodePorts(self._gateway, self._store)
        api = build(self._store, token=self._credentials.token, node=streams)
        self._server = Server(UsedApplication(api, self._use))
        self._control: asyncio.Server | None = None

    async def start(self) -> None:
        """Start everything; when this returns, the API answers and kubeconfig and node.json are in place."""
        seed.plant(self._store, self._credentials.authority)
        system.ensure(self._store)
        last = _last_ports(self._home)
        await self._gateway.start()
        await self._kubelet.start()
        self._controllers.start()
        port = await self._listen(last.get("api", 0))
        self._gateway.serve_api(port)
        await self._ingress.start(last.get("shop", 0))
        await self._node_ports.start()
        self._control = await asyncio.start_unix_server(self._tell, self._home.run / CONTROL)
        self._describe(port)

    async def is_over(self) -> None:
        """Wait until the cluster's own end has come: its owner is gone, or nobody uses it."""
        log.info("ends: %s", await self._lifetime.over(self._use.last))

    async def stop(self) -> None:
        """Stop everything; the pods first, so that they can still say goodbye."""
        self._home.node_json.unlink(missing_ok=True)
        if self._control:
            self._control.close()
        self._controllers.stop()
        for part in (self._node_ports, self._ingress, self._server, self._kubelet, self._gateway):
            try:
                await part.stop()
            except Exception:
                log.exception("%s did not stop properly", type(part).__name__)
        self._store.close()

    async def _listen(self, port: int) -> int:
        tls = self._credentials.server_context()
        try:
            return await self._server.start(tls, port)
        except OSError:
            log.info("port %d is in use; taking another", port)
            return await self._server.start(tls, 0)

    def _describe(self, port: int) -> None:
        """Write the files by which clients find the node."""
        home, server = self._home, f"https://127.0.0.1:{port}"
        kubeconfig.write(home.kubeconfig, server, self._credentials.authority, self._credentials.token)
        write_private(home.ports_json, json.dumps({"api": port, "shop": self._ingress.port}))
        write_private(
            home.node_json,
            json.dumps(
                {
                    "pid": os.getpid(),
                    "started": time.time(),
                    "server": server,
                    "api_port": port,
                    "gateway_port": self._gateway.port,
                    "dataplane": self._gateway.name,
                    "shop_url": f"http://127.0.0.1:{self._ingress.port}/{self._credentials.shop_secret}/",
                }
            ),
        )

    async def _tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer `status`: processes and pods."""
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps({"pids": self._pids(), "pods": self._pods()}).encode())
            await writer.drain()
        writer.close()

    def _pids(self) -> dict[str, int]:
        """The node, the fork server (`zygote`), each pod's first process by the pod's name, and helpers of these."""
        named = {"node": os.getpid()}
        for name, pid in self._kubelet.pids().items():
            named.setdefault(_short(name), pid)
        others = set(of_cluster(self._home.run)) - set(named.values())
        return {**named, **{f"{title(pid)}-{pid}": pid for pid in sorted(others)}}

    def _pods(self) -> list[Object]:
        pods = sorted(self._store.list("pods"), key=lambda pod: (pod["metadata"]["namespace"], pod["metadata"]["name"]))
        return [_summary(pod) for pod in pods]


class Streams:
    """What the API asks of the node: the kubelet's streams and the dataplane's log."""

    def __init__(self, kubelet: Kubelet, gateway: Gateway) -> None:
        self.logs, self.exec, self.attach, self.dial = kubelet.logs, kubelet.exec, kubelet.attach, kubelet.dial
        self._flows = gateway.flows

    def flows(self) -> FlowLog:
        """The log of judged connections."""
        return self._flows


def _short(name: str) -> str:
    """`frontend-5c…` for the kubelet's `default/frontend-5c…/server`; other namespaces stay in the name."""
    namespace, _, rest = name.partition("/")
    if not rest:
        return "zygote" if name == "forkserver" else name
    pod = rest.partition("/")[0]
    return pod if namespace == "default" else f"{namespace}/{pod}"


def _summary(pod: Object) -> Object:
    status = pod.get("status") or {}
    containers = status.get("containerStatuses") or []
    return {
        "namespace": pod["metadata"]["namespace"],
        "name": pod["metadata"]["name"],
        "ready": any(item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions") or []),
        "status": pod_cells(pod)[1],
        "restarts": sum(item.get("restartCount", 0) for item in containers),
        "address": status.get("podIP"),
    }


def _last_ports(home: Home) -> dict[str, int]:
    """The ports of the last start, so that kubeconfig and the shop's address stay good; {} if not known."""
    with contextlib.suppress(OSError, ValueError):
        ports = json.loads(home.ports_json.read_text("utf-8"))
        return {name: port for name, port in ports.items() if isinstance(port, int) and 1023 < port < 65536}
    return {}
