"""The node's agent: takes the pods, runs them as processes, and opens them to the API's streams."""

import asyncio
import logging
import resource
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from helpers.localcluster.api.errors import ApiError, bad_request
from helpers.localcluster.api.node import ExecSession
from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.dataplane import Dataplane
from helpers.localcluster.kubelet import images, scheduling
from helpers.localcluster.kubelet.container import Container
from helpers.localcluster.kubelet.images import zone
from helpers.localcluster.kubelet.pod import FIELDS, PODS, PodWorker
from helpers.localcluster.kubelet.processes.forkserver import ForkServer
from helpers.localcluster.kubelet.processes.programs import NoSuchProgram
from helpers.localcluster.kubelet.streams import sessions
from helpers.localcluster.kubelet.streams.logs import LogFile, Reader, read
from helpers.localcluster.kubelet.tools import scripts
from helpers.localcluster.node.home import Home

log = logging.getLogger(__name__)
Object = dict[str, Any]
STOP_GRACE = 2.0
"""Seconds that processes have when the node stops."""
BURST = 50
"""Pods that are started in one go; the event loop serves others in between."""
RETRY_SECONDS = 2.0
DESCRIPTORS_WANTED = 4096


class Kubelet:
    """Runs the pods of `store` on `dataplane`, keeps logs and scratch directories under `home`.

    `forks` may be given when it was launched earlier, to have its imports done sooner.
    """

    def __init__(self, store: Store, dataplane: Dataplane, home: Home, forks: ForkServer | None = None) -> None:
        self.store = store
        self.dataplane = dataplane
        self.forks = forks or ForkServer()
        self._home = home
        self._workers: dict[str, PodWorker] = {}
        self._waiting: dict[str, Object] = {}
        self._unsubscribe: Callable[[], None] = lambda: None
        self._scheduling_due = False
        self._stopped = False
        self._zone = zone.ZoneWriter(store)

    async def start(self) -> None:
        """Take the pods that exist, and follow what happens to pods from now on."""
        _raise_descriptor_limit()
        self.forks.attach()
        shutil.rmtree(self._scratch_root, ignore_errors=True)
        self._remove_foreign_logs()
        scripts.write(self.tools, images.PROGRAMS)
        self._unsubscribe = self.store.subscribe(self._notice)
        for pod in self.store.list(PODS):
            self._take(pod)

    async def stop(self) -> None:
        """End all processes; the objects stay as they are."""
        self._stopped = True
        self._unsubscribe()
        self._waiting.clear()
        await asyncio.gather(*(worker.halt(STOP_GRACE) for worker in [*self._workers.values()]))
        await self.forks.stop()
        shutil.rmtree(self._scratch_root, ignore_errors=True)
        shutil.rmtree(self.tools, ignore_errors=True)

    # Following the store.

    def _notice(self, event: Event) -> None:
        if event.resource == PODS:
            if event.type == "DELETED":
                self._forget(event.object)
            else:
                self._take(event.object)
        elif event.resource == "nodes":
            self._schedule_soon()
        elif event.resource in ("configmaps", "secrets"):
            namespace = event.object["metadata"]["namespace"]
            for worker in self._workers.values():
                if worker.pod["metadata"]["namespace"] == namespace:
                    worker.retry()
        else:
            self._zone.notice(event)

    def _take(self, pod: Object) -> None:
        """A pod is new or has changed."""
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        if worker:
            worker.update(pod)
            return
        if not scheduling.is_ours(pod):
            return
        finished = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if pod["metadata"].get("deletionTimestamp"):
            self._waiting.pop(uid, None)
            self._remove(pod)
        elif not finished:
            self._waiting[uid] = pod
            self._schedule_soon()

    def _schedule_soon(self) -> None:
        if not self._scheduling_due and self._waiting:
            self._scheduling_due = True
            asyncio.get_running_loop().call_soon(self._schedule)

    def _schedule(self) -> None:
        """Start the pods that wait for a place, as far as the node takes them."""
        self._scheduling_due = False
        if self._stopped:
            return
        node = scheduling.Place(self.store, len(self._workers))
        done = 0
        for uid, pod in [*self._waiting.items()]:
            if done >= BURST:
                self._schedule_soon()
                return
            refusal = node.refuses(pod)
            if refusal:
                done += scheduling.mark(self.store, pod, refusal)
                continue
            done += 1
            del self._waiting[uid]
            node.used += 1
            self._start(uid, pod)

    def _start(self, uid: str, pod: Object) -> None:
        worker = self._workers[uid] = PodWorker(self, pod)
        try:
            worker.start()
        except OSError as error:
            # No room on the disk, or no descriptors: others may fare better, and this one later.
            message = f"Failed to create pod sandbox: {error.strerror or error}"
            worker.event("Warning", "FailedCreatePodSandBox", message)
            self.dataplane.detach(uid)
            del self._workers[uid]
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._retry, pod)
        else:
            self._zone.follow(worker)

    def _retry(self, pod: Object) -> None:
        held = self.store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        if not self._stopped and held and held["metadata"]["uid"] == pod["metadata"]["uid"]:
            self._take(held)

    def _forget(self, pod: Object) -> None:
        """The object is gone: a forced deletion, if its processes still run."""
        uid = pod["metadata"]["uid"]
        self._waiting.pop(uid, None)
        worker = self._workers.get(uid)
        if worker:
            worker.end(at_once=True)
        else:
            shutil.rmtree(self.logs_of(pod), ignore_errors=True)

    def _remove(self, pod: Object) -> None:
        metadata = pod["metadata"]
        shutil.rmtree(self.logs_of(pod), ignore_errors=True)
        self.store.delete(PODS, metadata["namespace"], metadata["name"], uid=metadata["uid"])

    # What pods ask of their node.

    @property
    def _scratch_root(self) -> Path:
        return self._home.run / "work"

    @property
    def tools(self) -> Path:
        """The directory of the commands that every pod has in its PATH."""
        return self._home.run / "bin"

    def scratch(self, uid: str) -> Path:
        """The directory that a pod's processes start in."""
        return self._scratch_root / uid

    def logs_of(self, pod: Object) -> Path:
        """The directory of a pod's logs."""
        metadata = pod["metadata"]
        # File systems take 255 bytes; the longest names of Kubernetes alone have 253.
        place = f"{metadata['namespace']}_{metadata['name']}"[:200]
        return self._home.logs / f"{place}_{metadata['uid']}"

    def gone(self, uid: str) -> None:
        """A pod has ended for good: its object goes, and there is room for another."""
        worker = self._workers.pop(uid)
        self._zone.unfollow(worker)
        self._remove(worker.pod)
        self._schedule_soon()

    def pids(self) -> dict[str, int]:
        """The processes by what they are: `zygote`, the fork server, and one name a container.

        A container goes by its pod's name, with the namespace before it if that isn't `default`, and with
        its own name behind it if the pod has several.
        """
        found = {"zygote": self.forks.pid} if self.forks.pid else {}
        for worker in self._workers.values():
            metadata = worker.pod["metadata"]
            prefix = "" if metadata["namespace"] == "default" else f"{metadata['namespace']}/"
            for container in worker.containers.values():
                pid = container.run_now.process.pid if container.run_now else None
                if pid:
                    suffix = f"/{container.name}" if len(worker.containers) > 1 else ""
                    found[f"{prefix}{metadata['name']}{suffix}"] = pid
        return found

    def _remove_foreign_logs(self) -> None:
        """Logs of pods that were deleted while no node ran."""
        kept = {self.logs_of(pod).name for pod in self.store.list(PODS)}
        for path in self._home.logs.iterdir() if self._home.logs.is_dir() else ():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    # What the API asks of the node.

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
        """A container's log. Raises ApiError BadRequest before the first piece when there is none yet."""
        number, live = self._log_of(pod, container, previous)
        path = self.logs_of(pod) / container / f"{number}.log"
        reader = Reader(timestamps=timestamps, since=since, limit=limit)
        async for text in read(path, reader, tail=tail, follow=live if follow else None):
            if text:
                yield text
            if reader.full:
                return

    def _log_of(self, pod: Object, name: str, previous: bool) -> tuple[int, LogFile | None]:
        """Which run's log is meant, and the log if it is still written."""
        if name not in _container_names(pod):
            # The name becomes part of a path below.
            raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")
        worker = self._workers.get(pod["metadata"]["uid"])
        found = worker.containers.get(name) if worker else None
        number = found.restarts if found else _restarts(pod, name)
        where = f'container "{name}" in pod "{pod["metadata"]["name"]}"'
        if previous:
            if number == 0 or not (self.logs_of(pod) / name / f"{number - 1}.log").exists():
                raise bad_request(f"previous terminated {where} not found")
            return number - 1, None
        run = found.run_now if found else None
        if run:
            return number, run.log
        if found and "waiting" in found.state:
            if number and found.state["waiting"].get("reason") == "CrashLoopBackOff":
                return number, None
            reason = found.state["waiting"].get("reason", "ContainerCreating")
            if not (self.logs_of(pod) / name / f"{number}.log").exists():
                raise bad_request(f"{where} is waiting to start: {reason}")
        return number, None

    async def exec(self, pod: Object, container: str, command: list[str], *, tty: bool, stdin: bool) -> ExecSession:
        """Run a command in a container. Raises ApiError when the container doesn't run or there is no such command."""
        worker, found = self._running(pod, container)
        try:
            program = worker.command(found, command, tty=tty)
            session = sessions.start(self.forks, program, stdin=stdin)
        except (NoSuchProgram, OSError) as error:
            raise ApiError(
                500, "InternalError", f"error executing command in container: failed to exec in container: {error}"
            ) from None
        found.adopt(session.process)
        return session

    async def attach(self, pod: Object, container: str, *, tty: bool, stdin: bool) -> ExecSession:
        """Look at a container's output as it comes, and write to its input if it has one."""
        _, found = self._running(pod, container)
        assert found.run_now
        return sessions.AttachSession(found.run_now, stdin=stdin, once=bool(found.spec.get("stdinOnce")))

    def _running(self, pod: Object, name: str) -> tuple[PodWorker, Container]:
        worker = self._workers.get(pod["metadata"]["uid"])
        found = worker.containers.get(name) if worker and not worker.ending else None
        if worker is None or found is None or found.run_now is None:
            raise ApiError(500, "InternalError", f'container "{name}" is not running')
        return worker, found

    async def dial(self, pod: Object, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a pod's port from the node. Raises ConnectionRefusedError."""
        return await self.dataplane.dial(pod["metadata"]["uid"], port)


def _container_names(pod: Object) -> set[str]:
    return {str(container["name"]) for field in FIELDS for container in pod["spec"].get(field) or ()}


def _restarts(pod: Object, name: str) -> int:
    held = pod.get("status") or {}
    fields = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    for entry in (entry for field in fields for entry in held.get(field) or ()):
        if entry["name"] == name:
            return int(entry.get("restartCount") or 0)
    return 0


def _raise_descriptor_limit() -> None:
    """Every container has a pipe or two in this process; some systems allow 256 descriptors only until asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(DESCRIPTORS_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            log.warning("at most %d descriptors; many pods at once will not fit", soft)
