"""The ports that Services open on the node: of type NodePort and LoadBalancer, on 127.0.0.1.

Who connects there comes from outside the cluster, and is judged so. The shop's own front doors are left out: they have
an address that only its user knows.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from helpers.localcluster.api.events import record
from helpers.localcluster.api.kinds import SERVICES
from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.dataplane.addresses import OUTSIDE_ADDRESS
from helpers.localcluster.dataplane.gateway import MOST_STRANGERS, Gateway
from helpers.localcluster.dataplane.request import Request
from helpers.localcluster.dataplane.tunnel import Caller
from helpers.localcluster.doors.door import Strangers
from helpers.localcluster.doors.ingress import FRONT_DOORS, NAMESPACE

Object = dict[str, Any]
HOST = "127.0.0.1"
COMPONENT = "service-controller"


class NodePorts:
    """Keeps a listener for each port that a Service asks for; start it after the gateway, stop it before."""

    def __init__(self, gateway: Gateway, store: Store) -> None:
        self._gateway = gateway
        self._store = store
        self.strangers = Strangers(MOST_STRANGERS)
        self._servers: dict[int, asyncio.Server] = {}
        self._targets: dict[int, Request] = {}
        self._told: set[tuple[str, int]] = set()
        self._task: asyncio.Task[None] | None = None
        self._due = False
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Open what the stored Services ask for, and follow them from now on."""
        self._unsubscribe = self._store.subscribe(self._notice)
        await self._look()

    async def stop(self) -> None:
        """Listen no more; connections that stand are the gateway's to cut."""
        self._unsubscribe()
        if self._task:
            self._task.cancel()
        for server in self._servers.values():
            server.close()
        self._servers.clear()

    def _notice(self, event: Event) -> None:
        if event.resource == SERVICES.key and any(map(_opens, (event.object, event.previous or event.object))):
            self._due = True
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        while self._due:
            self._due = False
            await self._look()

    async def _look(self) -> None:
        services = [service for service in self._store.list(SERVICES.key) if _opens(service)]
        wanted = {number: (service, port) for service in services if not _is_front_door(service)
                  for number, port in _ports(service)}  # fmt: skip
        self._targets = {number: Request(service["spec"]["clusterIP"], port["port"])
                         for number, (service, port) in wanted.items()}  # fmt: skip
        for number in [*self._servers]:
            if number not in wanted:
                self._servers.pop(number).close()
        for number, (service, _) in wanted.items():
            if number not in self._servers:
                await self._open(number, service)
        for service in services:
            if service["spec"]["type"] == "LoadBalancer":
                self._give_address(service)

    async def _open(self, number: int, service: Object) -> None:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: PortCaller(self._gateway, self, number), HOST, number)
        except OSError as error:
            note = service["metadata"]["uid"], number
            if note not in self._told:
                self._told.add(note)
                text = f"port {number} of this machine is in use ({error.strerror}): the Service is not reached there"
                record(self._store, service, "Warning", "PortInUse", text, COMPONENT)
        else:
            self._servers[number] = server

    def _give_address(self, service: Object) -> None:
        metadata, status = service["metadata"], {"loadBalancer": {"ingress": [{"ip": HOST}]}}
        self._store.update_status(SERVICES.key, metadata["namespace"], metadata["name"], status)

    def target(self, number: int) -> Request | None:
        """The Service's port behind a node port; None if it is gone."""
        return self._targets.get(number)


class PortCaller(Caller):
    """A connection from outside to a node port: whatever protocol it speaks is carried as it is."""

    def __init__(self, gateway: Gateway, ports: NodePorts, number: int) -> None:
        super().__init__(gateway, ports.strangers)
        self._ports = ports
        self._number = number

    @property
    def account(self) -> str:
        """Each port by itself, so that a crowd at one keeps nobody from the shop."""
        return f"node port {self._number}"

    def started(self) -> None:
        """Nothing has to be read first."""
        target = self._ports.target(self._number)
        if target is None:
            self.transport.abort()
        else:
            self.ask(OUTSIDE_ADDRESS, target)

    def answer(self, status: int, reason: str, detail: str = "") -> None:
        """There is no language to answer in: hang up."""
        with contextlib.suppress(OSError):
            self.transport.abort()


def _opens(service: Object) -> bool:
    return (service.get("spec") or {}).get("type") in ("NodePort", "LoadBalancer")


def _is_front_door(service: Object) -> bool:
    metadata = service["metadata"]
    return metadata["namespace"] == NAMESPACE and metadata["name"] in FRONT_DOORS


def _ports(service: Object) -> list[tuple[int, Object]]:
    ports = service["spec"].get("ports") or ()
    return [(port["nodePort"], port) for port in ports if port.get("nodePort") and port.get("protocol") == "TCP"]
