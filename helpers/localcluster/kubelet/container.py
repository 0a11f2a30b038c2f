"""One container of a pod: started, probed, started again, ended; and what its status says meanwhile."""

import asyncio
import contextlib
import logging
import signal
import uuid
from typing import Any, Literal, Protocol

from helpers.localcluster.api.storage.store import now
from helpers.localcluster.kubelet import images
from helpers.localcluster.kubelet.environment import ConfigError
from helpers.localcluster.kubelet.probes import asking as probes
from helpers.localcluster.kubelet.probes import prober
from helpers.localcluster.kubelet.processes.forkserver import ForkServer, Process, Program
from helpers.localcluster.kubelet.processes.programs import NoSuchProgram
from helpers.localcluster.kubelet.processes.run import Run
from helpers.localcluster.kubelet.streams.logs import LogFile

log = logging.getLogger(__name__)
Object = dict[str, Any]
Kind = Literal["init", "main", "ephemeral"]

IMAGE_PAUSE = 1.0
"""Seconds between ErrImagePull and ImagePullBackOff: long enough to be seen."""
CAN_NOT_START = 128
"""The exit code of a container that got no process, as container runtimes give it."""
FIRST_BACK_OFF, LONGEST_BACK_OFF, STABLE = 1.0, 60.0, 600.0
"""Seconds. The first restart comes at once; a run longer than STABLE begins anew."""


class Host(Protocol):
    """What a container needs of its pod."""

    forks: ForkServer

    @property
    def restart_policy(self) -> str: ...
    @property
    def grace(self) -> float: ...
    def program(self, spec: Object, image: images.Image) -> Program: ...
    def log_file(self, container: str, number: int) -> LogFile: ...
    def target(self, container: "Container") -> probes.Target: ...
    def event(self, type: str, reason: str, message: str) -> None: ...
    def changed(self) -> None: ...
    def describe(self) -> str: ...


class Container:
    """A container's present state. `previous` is its status as a node before this one left it."""

    def __init__(self, host: Host, spec: Object, kind: Kind, previous: Object | None = None) -> None:
        self.spec = spec
        self.kind = kind
        self.run_now: Run | None = None
        self.state: Object = {"waiting": {"reason": "PodInitializing" if kind == "main" else "ContainerCreating"}}
        self.last_state: Object = {}
        self.restarts = 0
        self.ready = False
        self.started = asyncio.Event()
        self.env: dict[str, str] = {}
        self.done = False
        self._host = host
        self._id = ""
        self._image_id = ""
        self._changed_spec = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self._crashes = 0
        self._lost = False
        self._commands: set[Process] = set()
        if previous:
            self._resume(previous)

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    def _resume(self, previous: Object) -> None:
        """Go on from what an earlier node wrote: what ran then has been killed with it."""
        self.restarts = int(previous.get("restartCount") or 0)
        self.last_state = previous.get("lastState") or {}
        state = previous.get("state") or {}
        if "terminated" in state:
            self.state = state
            self._id, self._image_id = previous.get("containerID") or "", previous.get("imageID") or ""
            self.done = not self._again(state["terminated"].get("exitCode", 0))
            if self.done:
                self.ready = self.kind == "init"
        if "running" in state:
            ended = {"exitCode": 137, "reason": "Error", "message": "the node stopped", "finishedAt": now()}
            self.last_state = {"terminated": {**ended, "startedAt": state["running"].get("startedAt")}}
            if self._again(137):
                self.restarts += 1
            else:
                self.state, self.last_state, self.done = self.last_state, {}, True
        elif "terminated" in state and not self.done:
            self.last_state = state
            self.restarts += 1

    def status(self) -> Object:
        """The entry in the pod's containerStatuses."""
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": self._image_id,
            **({"containerID": self._id} if self._id else {}),
            "state": self.state,
            "lastState": self.last_state,
            "ready": self.ready,
            "started": self.started.is_set(),
            "restartCount": self.restarts,
        }

    async def run(self) -> None:
        """Run, and run again as the restart policy says; returns when it is over for good."""
        while not self.done:
            program = await self._prepare()
            began = asyncio.get_running_loop().time()
            code = await self._run_once(program)
            if self.done or not self._again(code):
                self.done = True
                self._host.changed()
                return
            if asyncio.get_running_loop().time() - began > STABLE:
                self._crashes = 0
            self._crashes += not self._lost
            await self._back_off()
            self.last_state = self.last_state or self.state
            self.restarts += 1

    def _again(self, code: int) -> bool:
        """Whether a container that ended so is started again."""
        if self.kind == "ephemeral":
            return False
        policy = self.spec.get("restartPolicy") or self._host.restart_policy
        if self.kind == "init" and policy == "Always" and not self.sidecar:
            return code != 0
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    @property
    def sidecar(self) -> bool:
        """An init container that keeps running beside the others."""
        return self.kind == "init" and self.spec.get("restartPolicy") == "Always"

    # Before a run.

    async def _prepare(self) -> Program:
        """Find the image and the configuration, or wait until somebody mends the specification."""
        backed_off = False
        while True:
            self._changed_spec.clear()
            image = images.find(self.spec["image"])
            if image is None:
                await self._no_image(backed_off)
                backed_off = True
                continue
            try:
                program = self._host.program(self.spec, image)
            except ConfigError as error:
                self._wait_state("CreateContainerConfigError", str(error))
                self._host.event("Warning", "Failed", f"Error: {error}")
                await self._changed_spec.wait()
            except NoSuchProgram as error:
                self._wait_state("RunContainerError", str(error))
                self._host.event("Warning", "Failed", f"Error: failed to create containerd task: {error}")
                await self._changed_spec.wait()
            else:
                self.env = program.env
                self._image_id = f"process://{image.repository}"
                self._host.event(
                    "Normal", "Pulled", f'Container image "{self.spec["image"]}" already present on machine'
                )
                return program

    async def _no_image(self, backed_off: bool) -> None:
        reference = self.spec["image"]
        if not backed_off:
            missing = images.missing(reference)
            self._wait_state("ErrImagePull", missing)
            self._host.event("Normal", "Pulling", f'Pulling image "{reference}"')
            self._host.event("Warning", "Failed", f'Failed to pull image "{reference}": {missing}')
            self._host.event("Warning", "Failed", "Error: ErrImagePull")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed_spec.wait(), IMAGE_PAUSE)
                return
        self._wait_state("ImagePullBackOff", f'Back-off pulling image "{reference}"')
        self._host.event("Normal", "BackOff", f'Back-off pulling image "{reference}"')
        self._host.event("Warning", "Failed", "Error: ImagePullBackOff")
        await self._changed_spec.wait()

    def _wait_state(self, reason: str, message: str) -> None:
        self.state = {"waiting": {"reason": reason, "message": message}}
        self._host.changed()

    def update(self, spec: Object) -> None:
        """The pod's specification was changed: of a container, only its image can be."""
        if spec["image"] == self.spec["image"]:
            return
        self.spec = spec
        self._changed_spec.set()
        if self.run_now and not self.done:
            self.restart("definition changed")

    def retry(self) -> None:
        """Something that the configuration names may exist now."""
        if "waiting" in self.state:
            self._changed_spec.set()

    def adopt(self, command: Process) -> None:
        """A command runs beside the container's own process; it ends with it at the latest."""
        self._commands.add(command)
        command.ended.add_done_callback(lambda _: self._commands.discard(command))

    # A run.

    async def _run_once(self, program: Program) -> int:
        """One run; the exit code. Cancelled, it leaves the process to `terminate`."""
        try:
            run = self.run_now = self._start(program)
        except OSError as error:
            self._host.event("Warning", "Failed", f"Error: {error.strerror or error}")
            self._finish(CAN_NOT_START)
            return CAN_NOT_START
        self._id = f"process://{uuid.uuid4().hex}"
        self._host.event("Normal", "Created", f"Created container: {self.name}")
        await asyncio.wait([run.process.started])
        if run.process.pid:
            self._begin()
        probing = asyncio.create_task(self._probe())
        try:
            code = await run.wait()
        finally:
            probing.cancel()
            self.ready = False
            self.started.clear()
        self._finish(code)
        return code

    def _start(self, program: Program) -> Run:
        file = self._host.log_file(self.name, self.restarts)
        try:
            return Run(self._host.forks, program, file, stdin=bool(self.spec.get("stdin")))
        except OSError:
            file.close()
            raise

    def _begin(self) -> None:
        self.state = {"running": {"startedAt": now()}}
        # What needs no probe counts from the first moment: one status write less.
        if self.kind == "ephemeral" or not self.spec.get("startupProbe"):
            self.started.set()
            self.ready = not self.spec.get("readinessProbe") and (self.kind != "init" or self.sidecar)
        self._host.event("Normal", "Started", f"Started container {self.name}")
        self._host.changed()

    def _finish(self, code: int) -> None:
        """The process is gone: say how it ended."""
        self._lost = self.run_now is not None and self.run_now.process.lost
        self.run_now = None
        for command in self._commands:
            command.signal(signal.SIGKILL, group=True)
        started = self.state.get("running", {}).get("startedAt") or now()
        self.state = {
            "terminated": {
                "exitCode": code,
                "reason": "Completed" if code == 0 else "Error",
                "startedAt": started,
                "finishedAt": now(),
                "containerID": self._id,
            }
        }
        self.last_state = {}
        self.ready = self.kind == "init" and code == 0 and not self.sidecar
        self._host.changed()

    async def _back_off(self) -> None:
        """Pause before the next run; none after the first end."""
        if self._crashes <= 1 or self._lost:
            self.last_state = self.state
            return
        seconds = min(FIRST_BACK_OFF * 2 ** (self._crashes - 2), LONGEST_BACK_OFF)
        self.last_state = self.state
        where = self._host.describe()
        message = f"back-off {seconds:.0f}s restarting failed container={self.name} pod={where}"
        self._wait_state("CrashLoopBackOff", message)
        self._host.event("Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {where}")
        self._changed_spec.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed_spec.wait(), seconds)

    # Probes, and what they lead to.

    async def _probe(self) -> None:
        if self.kind == "ephemeral" or (self.kind == "init" and not self.sidecar):
            return
        target = self._host.target(self)
        try:
            await prober.run(self.spec, lambda probe: probes.of(probe, target), self)
        except Exception:
            log.exception("the probes of %s in %s failed", self.name, self._host.describe())

    def set_started(self) -> None:
        if not self.started.is_set():
            self.started.set()
            self._host.changed()

    def set_ready(self, ready: bool) -> None:
        if self.ready != ready:
            self.ready = ready
            self._host.changed()

    def unhealthy(self, kind: str, message: str) -> None:
        self._host.event("Warning", "Unhealthy", f"{kind} probe failed: {message}")

    def restart(self, why: str) -> None:
        """End the present run; the restart policy decides what follows."""
        run = self.run_now
        if run is None or (self._ending and not self._ending.done()):
            return
        self._host.event("Normal", "Killing", f"Container {self.name} {why}, will be restarted")
        self._ending = asyncio.create_task(run.terminate(self._host.grace))

    async def terminate(self, grace: float) -> None:
        """End the container for good, once its `run` is cancelled."""
        run = self.run_now
        if run is None:
            return
        self._host.event("Normal", "Killing", f"Stopping container {self.name}")
        await run.terminate(grace)
        self._finish(await run.wait())
