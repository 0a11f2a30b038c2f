"""A kubelet on a network of its own: a directory a pod, and no policies."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from helpers.localcluster.api.kinds import PODS
from helpers.localcluster.api.storage.store import Store, now
from helpers.localcluster.dataplane import Attachment
from helpers.localcluster.kubelet import Kubelet
from helpers.localcluster.kubelet.processes.forkserver import ForkServer
from helpers.localcluster.node.home import Home

Object = dict[str, Any]
AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"


class Wires:
    """The plainest dataplane: every pod has a directory of sockets, and whoever asks may connect."""

    name = "wires"

    def __init__(self, root: Path) -> None:
        self._root = root
        self.attached: dict[str, Attachment] = {}
        self.detached: list[str] = []
        self.environment: dict[str, str] = {}

    async def start(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def stop(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)

    def attach(self, pod: Object) -> Attachment:
        uid = pod["metadata"]["uid"]
        if uid not in self.attached:
            directory = self._root / uid[:8]
            directory.mkdir(mode=0o700)
            number = len(self.attached) + len(self.detached) + 2
            variables = {"LISTEN_DIR": str(directory), **self.environment}
            self.attached[uid] = Attachment(f"10.244.{number // 256}.{number % 256}", variables, directory)
        return self.attached[uid]

    def detach(self, uid: str) -> None:
        found = self.attached.pop(uid, None)
        if found:
            self.detached.append(uid)
            shutil.rmtree(found.directory)

    async def dial(self, uid: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(self.attached[uid].directory / f"{port}.sock")
        except (KeyError, OSError):
            raise ConnectionRefusedError(port) from None


class Bench:
    """A store, a kubelet and short ways to pods."""

    def __init__(self, root: Path, preload: tuple[str, ...] = ("helpers.localcluster.kubelet.images.agnhost",)) -> None:
        self.home = Home(root)
        self.home.prepare()
        self.store = Store()
        self.wires = Wires(self.home.pods)
        self.forks = ForkServer(preload)
        self.kubelet = Kubelet(self.store, self.wires, self.home, self.forks)

    def create(self, name: str, *args: str, image: str = AGNHOST, **fields: Any) -> Object:
        """A pod of one container; fields go to the container, those of POD_FIELDS to the pod's spec."""
        pod_fields = {field: fields.pop(field) for field in [*fields] if field in POD_FIELDS}
        container = {"name": "main", "image": image, **({"args": [*args]} if args else {}), **fields}
        return self.create_pod(name, {"containers": [container], **pod_fields})

    def create_pod(self, name: str, spec: Object) -> Object:
        metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
        return self.store.create(
            "pods", PODS.default({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        )

    def pod(self, name: str) -> Object:
        found = self.store.get("pods", "default", name)
        assert found is not None, f"there is no pod {name}"
        return found

    def container(self, name: str, field: str = "containerStatuses") -> Object:
        entries = (self.pod(name).get("status") or {}).get(field) or [{"state": {}, "lastState": {}, "ready": False}]
        return dict(entries[0])

    def ready(self, name: str) -> bool:
        conditions = (self.pod(name).get("status") or {}).get("conditions") or []
        return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)

    def phase(self, name: str) -> str:
        return (self.pod(name).get("status") or {}).get("phase", "")

    def state(self, name: str) -> str:
        """The word for a container's state: running, or the reason why not."""
        (kind, detail), *_ = [*self.container(name)["state"].items(), ("", {})]
        return detail.get("reason", kind) if detail else kind

    def pid(self, name: str) -> int:
        return self.kubelet.pids()[name]

    def events(self, name: str) -> list[tuple[str, str]]:
        found = [event for event in self.store.list("events") if event["involvedObject"]["name"] == name]
        return [(event["reason"], event["message"]) for event in found]

    def delete(self, name: str, grace: float = 30) -> None:
        """As the API deletes a pod; 0 is a forced deletion."""
        pod = self.pod(name)
        if grace == 0:
            self.store.delete("pods", "default", name)
            return
        marked = {**pod["metadata"], "deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
        self.store.update("pods", {**pod, "metadata": marked})

    def gone(self, name: str) -> bool:
        return self.store.get("pods", "default", name) is None

    async def logs(self, name: str, container: str = "main", **options: Any) -> str:
        given = {
            "follow": False, "previous": False, "tail": None, "since": None, "timestamps": False, "limit": None,
            **options,
        }  # fmt: skip
        pieces = [piece async for piece in self.kubelet.logs(self.pod(name), container, **given)]
        return b"".join(pieces).decode()

    async def exec(self, name: str, *command: str, container: str = "main") -> tuple[int, str, str]:
        session = await self.kubelet.exec(self.pod(name), container, [*command], tty=False, stdin=False)
        out = b"".join([piece async for piece in session.stdout])
        err = b"".join([piece async for piece in session.stderr])
        return await session.wait(), out.decode(), err.decode()


POD_FIELDS = (
    "restartPolicy", "terminationGracePeriodSeconds", "initContainers", "volumes", "nodeName", "nodeSelector",
)  # fmt: skip


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    """A running kubelet; afterwards nothing is left of it."""
    root = Path(tempfile.mkdtemp(prefix="lab-"))
    made = Bench(root, **options)
    await made.wires.start()
    try:
        await made.kubelet.start()
        yield made
    finally:
        await made.kubelet.stop()
        await made.wires.stop()
        shutil.rmtree(root)


def with_bench(scenario: Callable[[Bench], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that runs its coroutine with a kubelet of its own."""

    def test() -> None:
        async def run() -> None:
            async with bench() as made:
                await scenario(made)

        asyncio.run(run())

    test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
    return test
