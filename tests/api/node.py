"""A node for tests of the API: a kubelet that makes pods run at once, logs from a list, commands from a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.storage.store import Event, Store, now

Object = dict[str, Any]


class Session:
    """`echo`, `cat`, `exit N`, `warn`, `size` and `sleep`, played in the test's own process."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.killed = asyncio.Event()
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue()
        self._size: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.stdout = self._out()
        self.stderr = self._err()

    async def _out(self) -> AsyncIterator[bytes]:
        name, *words = self.command
        if name == "echo":
            yield " ".join(words).encode() + b"\n"
        elif name == "cat":
            while data := await self._stdin.get():
                yield data
        elif name == "size":
            yield (await self._size).encode() + b"\n"
        elif name == "sleep":
            await self.killed.wait()

    async def _err(self) -> AsyncIterator[bytes]:
        if self.command[0] == "warn":
            yield b"careful\n"

    async def write_stdin(self, data: bytes) -> None:
        self._stdin.put_nowait(data)

    async def close_stdin(self) -> None:
        self._stdin.put_nowait(b"")

    async def resize(self, width: int, height: int) -> None:
        if not self._size.done():
            self._size.set_result(f"{width}x{height}")

    async def wait(self) -> int:
        return int(self.command[1]) if self.command[0] == "exit" else 0

    async def kill(self) -> None:
        self.killed.set()


class FlowLog:
    def __init__(self) -> None:
        self.revision = 0
        self.flows: list[Object] = []
        self.callbacks: list[Callable[[str, Object], None]] = []

    def list(self) -> list[Object]:
        return self.flows

    def subscribe(self, callback: Callable[[str, Object], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def add(self, verdict: str = "denied", **fields: Any) -> None:
        self.revision += 1
        name = f"flow-{len(self.flows) + 1:06d}"
        end = {"kind": "Pod", "namespace": "default", "address": "10.244.0.2", "labels": {"app": "web"}}
        flow = {
            "apiVersion": "lab.hipster-shop.dev/v1",
            "kind": "Flow",
            "metadata": {"name": name, "creationTimestamp": now(), "resourceVersion": str(self.revision)},
            "time": "2026-01-31T08:00:00.123Z",
            "source": {**end, "name": "frontend-1"},
            "target": {**end, "name": "shippingservice-1", "service": "default/shippingservice"},
            "port": 50051,
            "protocol": "TCP",
            "verdict": verdict,
            "reason": "no rule allows it",
            "policies": ["default/deny"],
            "attempts": 1,
            "dns": False,
            **fields,
        }
        self.flows.append(flow)
        for callback in [*self.callbacks]:
            callback("ADDED", flow)


class Node:
    """Answers what the API asks of a node."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lines = [f"line {number}\n".encode() for number in range(10)]
        self.more = asyncio.Event()
        self.sessions: list[Session] = []
        self.flow_log = FlowLog()
        self.ports: dict[int, int] = {}  # pod's port → a port of this machine
        self._addresses = 1
        self._ended: set[str] = set()
        store.subscribe(self._play_kubelet)

    def _play_kubelet(self, event: Event) -> None:
        if event.resource == "pods" and event.type != "DELETED":
            metadata = event.object["metadata"]
            asyncio.get_running_loop().call_soon(self._serve, metadata["namespace"], metadata["name"])

    def _serve(self, namespace: str, name: str) -> None:
        pod = self.store.get("pods", namespace, name)
        if pod is None:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self.store.delete("pods", namespace, name)
        elif not pod["spec"].get("nodeName"):
            self.store.update("pods", {**pod, "spec": {**pod["spec"], "nodeName": "lab-node"}})
        elif pod["metadata"]["uid"] not in self._ended:
            self.store.update_status("pods", namespace, name, self._status(pod))

    def _status(self, pod: Object) -> Object:
        held = pod.get("status", {})
        address = held.get("podIP")
        if not address:
            self._addresses += 1
            address = f"10.244.0.{self._addresses}"
        started = held.get("startTime") or now()
        conditions = [
            {"type": kind, "status": "True", "lastTransitionTime": started}
            for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ]

        def running(container: Object) -> Object:
            return {
                "name": container["name"],
                "image": container["image"],
                "imageID": container["image"],
                "containerID": "process://1",
                "ready": True,
                "started": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": started}},
                "lastState": {},
            }

        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "172.20.0.2",
            "startTime": started,
            "qosClass": "BestEffort",
            "conditions": conditions,
            "containerStatuses": [running(item) for item in pod["spec"]["containers"]],
        }
        ephemeral = pod["spec"].get("ephemeralContainers")
        if ephemeral:
            status["ephemeralContainerStatuses"] = [running(item) for item in ephemeral]
        return status

    async def logs(
        self,
        pod: Object,
        container: str,
        *,
        follow: bool,
        previous: bool,
        tail: int | None,
        since: datetime | None,
        timestamps: bool,
        limit: int | None,
    ) -> AsyncIterator[bytes]:
        if previous:
            where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
            raise ApiError(400, "BadRequest", f"previous terminated {where} not found")
        lines = [] if since else self.lines
        for line in lines[len(lines) - tail :] if tail is not None else lines:
            yield b"2026-01-31T08:00:00Z " + line if timestamps else line
        if follow:
            await self.more.wait()
            yield b"one more\n"

    async def exec(self, pod: Object, container: str, command: list[str], *, tty: bool, stdin: bool) -> Session:
        if command[0] not in ("echo", "cat", "exit", "warn", "size", "sleep"):
            raise ApiError(500, "InternalError", f"there is no program {command[0]} in this container")
        self.sessions.append(Session(command))
        return self.sessions[-1]

    async def attach(self, pod: Object, container: str, *, tty: bool, stdin: bool) -> Session:
        self.sessions.append(Session(["cat"] if stdin else ["echo", "attached"]))
        if pod["spec"]["restartPolicy"] == "Never":
            asyncio.get_running_loop().call_later(0.1, self._end, pod)
        return self.sessions[-1]

    def _end(self, pod: Object) -> None:
        """The container's process has done its work."""
        status = self._status(pod)
        ended = {"exitCode": 0, "reason": "Completed", "finishedAt": now()}
        for container in status["containerStatuses"]:
            container |= {"ready": False, "state": {"terminated": ended}}
        self._ended.add(pod["metadata"]["uid"])
        self.store.update_status(
            "pods", pod["metadata"]["namespace"], pod["metadata"]["name"], {**status, "phase": "Succeeded"}
        )

    async def dial(self, pod: Object, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if port not in self.ports:
            raise ConnectionRefusedError
        return await asyncio.open_connection("127.0.0.1", self.ports[port])

    def flows(self) -> FlowLog:
        return self.flow_log
