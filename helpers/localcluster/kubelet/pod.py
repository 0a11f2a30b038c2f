"""One pod on this node, from its binding to its last process."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from helpers.localcluster.api.events import record
from helpers.localcluster.api.storage.store import Store, now
from helpers.localcluster.dataplane import Attachment, Dataplane
from helpers.localcluster.kubelet import environment, images, status, volumes
from helpers.localcluster.kubelet.container import Container, Kind
from helpers.localcluster.kubelet.environment import NODE_NAME, ConfigError
from helpers.localcluster.kubelet.probes import asking as probes
from helpers.localcluster.kubelet.processes import programs
from helpers.localcluster.kubelet.processes.forkserver import ForkServer, Program
from helpers.localcluster.kubelet.streams import sessions
from helpers.localcluster.kubelet.streams.logs import LogFile

log = logging.getLogger(__name__)
Object = dict[str, Any]
Work = Callable[[], Coroutine[Any, Any, None]]
PODS = "pods"
KINDS: tuple[Kind, ...] = ("init", "main", "ephemeral")
FIELDS = ("initContainers", "containers", "ephemeralContainers")
SILENT_VOLUMES = {"emptyDir", "projected"}
DEFAULT_GRACE = 30.0


class Node(Protocol):
    """What a pod needs of the kubelet."""

    store: Store
    dataplane: Dataplane
    forks: ForkServer

    @property
    def tools(self) -> Path: ...
    def scratch(self, uid: str) -> Path: ...
    def logs_of(self, pod: Object) -> Path: ...
    def gone(self, uid: str) -> None: ...


class PodWorker:
    """Keeps one pod's processes as its specification says, and its status as they are."""

    def __init__(self, node: Node, pod: Object) -> None:
        self.pod = pod
        self.uid = str(pod["metadata"]["uid"])
        self.forks = node.forks
        self.containers: dict[str, Container] = {}
        self.ending = False
        self._node = node
        self._attachment: Attachment | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flush_due = False
        self._closing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._start_time = (pod.get("status") or {}).get("startTime") or now()
        self.home = node.scratch(self.uid)

    # What containers ask of their pod.

    @property
    def restart_policy(self) -> str:
        return str(self.pod["spec"].get("restartPolicy") or "Always")

    @property
    def grace(self) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        given = self.pod["metadata"].get("deletionGracePeriodSeconds")
        if given is None:
            given = self.pod["spec"].get("terminationGracePeriodSeconds")
        return DEFAULT_GRACE if given is None else float(given)

    def describe(self) -> str:
        metadata = self.pod["metadata"]
        return f"{metadata['name']}_{metadata['namespace']}({self.uid})"

    def event(self, type: str, reason: str, message: str) -> None:
        record(self._node.store, self.pod, type, reason, message, "kubelet")

    def program(self, spec: Object, image: images.Image) -> Program:
        """The process of a container. Raises ConfigError or NoSuchProgram."""
        return programs.of_container(spec, image, self._environment(spec), self.home)

    def _environment(self, spec: Object) -> dict[str, str]:
        assert self._attachment
        mounts = volumes.write(spec, self.pod, self._node.store, self._mounts(spec["name"]))
        return environment.build(
            spec,
            self.pod,
            self._node.store,
            address=self._attachment.address,
            network={**self._attachment.environment, **({"MOUNTS": str(mounts)} if mounts else {})},
            home=self.home,
            tools=self._node.tools,
        )

    def command(self, container: Container, command: list[str], *, tty: bool) -> Program:
        """A command to run beside a container's process, in its environment. Raises NoSuchProgram."""
        return programs.of_command(command, container.env, self.home, tty=tty)

    def log_path(self, container: str, number: int) -> Path:
        return self._node.logs_of(self.pod) / container / f"{number}.log"

    def log_file(self, container: str, number: int) -> LogFile:
        """The log of a run; of the earlier ones only the last is kept."""
        for suffix in ("", ".1"):
            self.log_path(container, number - 2).with_suffix(f".log{suffix}").unlink(missing_ok=True)
        return LogFile(self.log_path(container, number))

    def target(self, container: Container) -> probes.Target:
        async def execute(command: list[str], seconds: float) -> tuple[int, str]:
            try:
                program = self.command(container, command, tty=False)
            except programs.NoSuchProgram as error:
                return 127, str(error)
            return await sessions.execute(self.forks, program, seconds)

        address = self._attachment.address if self._attachment else ""
        return probes.Target(
            address, container.spec.get("ports") or [], lambda port: self._node.dataplane.dial(self.uid, port), execute
        )

    # Life.

    def start(self) -> None:
        """Join the network and start the containers."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._attachment = self._node.dataplane.attach(self.pod)
        held = self._held_statuses()
        spec = self.pod["spec"]
        for kind, field in zip(KINDS, FIELDS, strict=True):
            for container in spec.get(field) or ():
                self._add(container, kind, held.get(container["name"]))
        self._mention_volumes()
        self._flush()
        self._spawn(self._live)

    def _held_statuses(self) -> dict[str, Object]:
        held = self.pod.get("status") or {}
        fields = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        return {entry["name"]: entry for field in fields for entry in held.get(field) or ()}

    def _add(self, spec: Object, kind: Kind, held: Object | None) -> Container:
        container = self.containers[spec["name"]] = Container(self, spec, kind, held)
        return container

    def of_kind(self, kind: Kind) -> list[Container]:
        """The init, main or ephemeral containers, in their order."""
        return [container for container in self.containers.values() if container.kind == kind]

    def _spawn(self, work: Work) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Work) -> None:
        try:
            await work()
        except Exception:
            log.exception("the pod %s failed", self.describe())

    async def _live(self) -> None:
        for container in self.of_kind("ephemeral"):
            self._spawn(container.run)
        for container in self.of_kind("init"):
            if container.sidecar:
                self._spawn(container.run)
                await container.started.wait()
                continue
            await container.run()
            if not container.ready:
                await self._over()
                return
        main = self.of_kind("main")
        await asyncio.gather(*(container.run() for container in main))
        await self._over()

    async def _over(self) -> None:
        """All containers have ended for good: end what runs beside them, leave the network."""
        for container in self.containers.values():
            if container.kind != "main":
                container.done = True
                await container.terminate(self.grace)
        self._flush()
        self._node.dataplane.detach(self.uid)
        shutil.rmtree(self.home, ignore_errors=True)

    def update(self, pod: Object) -> None:
        """The object has changed."""
        self.pod = pod
        if self.ending:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self.end()
            return
        spec = pod["spec"]
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
            if container["name"] in self.containers:
                self.containers[container["name"]].update(container)
        for container in spec.get("ephemeralContainers") or ():
            if container["name"] not in self.containers:
                self._spawn(self._add(container, "ephemeral", None).run)

    def _mounts(self, container: str) -> Path:
        return self.home / "mounts" / container

    def retry(self) -> None:
        """A ConfigMap or Secret of the namespace has changed."""
        for container in self.containers.values():
            container.retry()
            if container.run_now:
                with contextlib.suppress(ConfigError, OSError):
                    volumes.write(container.spec, self.pod, self._node.store, self._mounts(container.name))

    def end(self, *, at_once: bool = False) -> asyncio.Task[None]:
        """Terminate the pod: all containers get SIGTERM and their grace, or SIGKILL `at_once`."""
        if at_once:
            self._hurry.set()
        if self._closing is None:
            self.ending = True
            for task in [*self._tasks]:
                task.cancel()
            self._closing = asyncio.create_task(self._guard(self._end))
        return self._closing

    async def _end(self) -> None:
        # The endpoints drop the pod in this turn of the loop, before its processes hear of it.
        await asyncio.sleep(0)
        ending = [asyncio.create_task(self._end_container(each)) for each in self.containers.values() if each.run_now]
        hurrying = asyncio.create_task(self._kill_when_hurried())
        if ending:
            await asyncio.wait(ending)
        hurrying.cancel()
        self._leave()

    async def _kill_when_hurried(self) -> None:
        await self._hurry.wait()
        for container in self.containers.values():
            if container.run_now:
                await container.run_now.terminate(0)

    async def _end_container(self, container: Container) -> None:
        grace = 0.0 if self._hurry.is_set() else self.grace
        await self._pre_stop(container, grace)
        await container.terminate(grace)

    async def _pre_stop(self, container: Container, grace: float) -> None:
        hook = (container.spec.get("lifecycle") or {}).get("preStop") or {}
        if not grace or not hook:
            return
        with contextlib.suppress(TimeoutError):
            if "sleep" in hook:
                await asyncio.sleep(min(float(hook["sleep"].get("seconds") or 0), grace))
            elif "exec" in hook:
                await self.target(container).execute(list(hook["exec"].get("command") or ()), grace)

    def _leave(self) -> None:
        """Nothing runs any more: leave the network, remove the logs, tell the kubelet."""
        self._node.dataplane.detach(self.uid)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self._node.logs_of(self.pod), ignore_errors=True)
        self._node.gone(self.uid)

    async def halt(self, grace: float) -> None:
        """The node stops: end the processes and leave the object as it is."""
        self.ending = True
        for task in [*self._tasks]:
            task.cancel()
        runs = [container.run_now for container in self.containers.values() if container.run_now]
        await asyncio.gather(*(run.terminate(grace) for run in runs))
        for run in runs:
            await run.wait()
        if self._closing:
            self._closing.cancel()
        shutil.rmtree(self.home, ignore_errors=True)

    # Status.

    def changed(self) -> None:
        """Write the status in the next turn of the event loop; several changes become one write."""
        if not self._flush_due and not self.ending:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self.ending:
            return
        metadata = self.pod["metadata"]
        fresh = self._node.store.get(PODS, metadata["namespace"], metadata["name"])
        if fresh is None or fresh["metadata"]["uid"] != self.uid:
            return
        new = self.status(fresh.get("status") or {})
        if not fresh["spec"].get("nodeName"):
            bound = {**fresh, "spec": {**fresh["spec"], "nodeName": NODE_NAME}, "status": new}
            self.pod = self._node.store.update(PODS, bound)
            place = f"{metadata['namespace']}/{metadata['name']} to {NODE_NAME}"
            record(self._node.store, self.pod, "Normal", "Scheduled", f"Successfully assigned {place}",
                   "default-scheduler")  # fmt: skip
        else:
            self.pod = self._node.store.update_status(PODS, metadata["namespace"], metadata["name"], new) or self.pod

    def status(self, previous: Object) -> Object:
        """The pod's status now."""
        init, main, ephemeral = (self.of_kind(kind) for kind in KINDS)
        phase = status.phase(init, main)
        over = phase if phase in ("Succeeded", "Failed") else ""
        new: Object = {
            "phase": phase,
            "observedGeneration": self.pod["metadata"].get("generation", 1),
            "conditions": status.conditions(list(init), list(main), over, previous.get("conditions") or ()),
            **status.addresses(self._attachment.address if self._attachment else "", self._start_time),
            "qosClass": status.quality_of_service(self.pod["spec"]),
            "containerStatuses": [container.status() for container in main],
        }
        if init:
            new["initContainerStatuses"] = [container.status() for container in init]
        if ephemeral:
            new["ephemeralContainerStatuses"] = [container.status() for container in ephemeral]
        return new

    def _mention_volumes(self) -> None:
        for volume in self.pod["spec"].get("volumes") or ():
            kinds = [kind for kind in volume if kind != "name" and kind not in SILENT_VOLUMES]
            if kinds:
                self.event("Warning", "FailedMount", f'volume "{volume["name"]}" ({kinds[0]}) {_fate(kinds[0])}')


def _fate(kind: str) -> str:
    """What becomes of a volume of this kind."""
    if kind in volumes.KINDS:
        return (
            "is not mounted where the containers look: pods of this lab are processes that see this machine's "
            "files; nginx and httpd read it all the same, others find it below $MOUNTS"
        )
    return (
        "is not mounted: pods of this lab are processes that see this machine's files; the containers start without it"
    )
