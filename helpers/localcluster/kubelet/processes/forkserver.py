"""The node's side of the fork server: start it, ask it for processes, hear of their end.

The fork server is started before anything else of the node (`ForkServer.launch` needs no event
loop), because its imports take longest. When it dies, every process it had started is reported as
killed once its output has ended, and another fork server is started.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.localcluster.kubelet.processes.wire import Message, Receiver, close_all, encode

log = logging.getLogger(__name__)
PRELOAD = ("helpers.boutique", "helpers.localcluster.kubelet.images.agnhost")
_MODULE = "helpers.localcluster.kubelet.processes.zygote"
KILLED = -signal.SIGKILL
STOP_SECONDS = 3.0
LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class Program:
    """What a process shall be: a function of Python (`call`) or a program of this machine (`argv`)."""

    title: str
    env: dict[str, str]
    cwd: Path
    call: tuple[str, str, list[Any]] | None = None
    argv: tuple[str, ...] | None = None
    file: str | None = None
    tty: bool = False

    def message(self) -> Message:
        """The request's fields."""
        what: Message = {"call": self.call} if self.call else {"argv": self.argv, "file": self.file or self.argv[0]}  # type: ignore[index]
        return {"title": self.title, "env": self.env, "cwd": str(self.cwd), "tty": self.tty, **what}


@dataclass(eq=False)
class Process:
    """A process asked for. `ended` gives its status: 0 to 255, or minus the signal that killed it."""

    name: int
    ended: asyncio.Future[int]
    started: asyncio.Future[int]
    server: "ForkServer"
    pid: int | None = field(default=None)
    lost: bool = field(default=False)
    """Whether it ended only because its fork server did."""

    async def wait(self) -> int:
        """Wait for the end; cancelling the wait leaves the process alone."""
        await asyncio.wait([self.ended])
        return self.ended.result()

    def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal, to the whole group if asked; nothing happens once the process has ended."""
        if not self.ended.done():
            self.server.send({"signal": self.name, "number": int(number), "group": group})


class ForkServer:
    """Starts processes by forking from one that has everything imported."""

    def __init__(self, preload: tuple[str, ...] = PRELOAD) -> None:
        self._preload = preload
        self._popen: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._receiver: Receiver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: deque[tuple[bytes, list[int]]] = deque()
        self._processes: dict[int, Process] = {}
        self._count = 0
        self._failures = 0
        self._stopping = False
        self.on_restart: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int | None:
        """Process id of the running fork server."""
        return self._popen.pid if self._popen else None

    def launch(self) -> None:
        """Start the fork server's process; requests may be made as soon as a loop is attached."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", _MODULE, str(theirs.fileno()), *self._preload]
            self._popen = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        ours.setblocking(False)
        self._link, self._receiver = ours, Receiver(ours)

    def attach(self) -> None:
        """Begin to read and write on the running event loop; launches the process if nobody has."""
        if self._link is None:
            self.launch()
        self._loop = asyncio.get_running_loop()
        assert self._link is not None
        self._loop.add_reader(self._link, self._on_readable)
        self._flush()

    def start(self, program: Program, stdio: list[int | None]) -> Process:
        """Ask for a process with these descriptors as 0, 1, 2 (None: /dev/null).

        The descriptors are duplicated: the caller closes its own at any time.
        """
        loop = asyncio.get_running_loop()
        self._count += 1
        process = Process(self._count, loop.create_future(), loop.create_future(), self)
        self._processes[process.name] = process
        unique = sorted({fd for fd in stdio if fd is not None})
        message = {"run": process.name, "fds": len(unique), **program.message()}
        message["stdio"] = [None if fd is None else unique.index(fd) for fd in stdio]
        self._send(message, [os.dup(fd) for fd in unique])
        return process

    def send(self, message: Message) -> None:
        """Send a message without descriptors."""
        self._send(message, [])

    def _send(self, message: Message, fds: list[int]) -> None:
        self._queue.append((encode(message), fds))
        self._flush()

    def _flush(self) -> None:
        """Write what the socket takes; the rest when it becomes writable."""
        if self._loop is None or self._link is None:
            return
        while self._queue:
            data, fds = self._queue[0]
            try:
                sent = socket.send_fds(self._link, [data], fds) if fds else self._link.send(data)
            except BlockingIOError:
                self._loop.add_writer(self._link, self._flush)
                return
            except OSError:
                # The server is gone; the end of the stream is handled where it is read.
                return
            close_all(fds)
            if sent < len(data):
                self._queue[0] = (data[sent:], [])
            else:
                self._queue.popleft()
        self._loop.remove_writer(self._link)

    def _on_readable(self) -> None:
        assert self._receiver is not None
        try:
            received = self._receiver.receive()
        except BlockingIOError:
            return
        if received is None:
            self._lost()
            return
        for message, _ in received:
            self._handle(message)

    def _handle(self, message: Message) -> None:
        if "ready" in message:
            self._failures = 0
        elif "started" in message:
            process = self._processes.get(message["started"])
            if process:
                process.pid = message["pid"]
                _resolve(process.started, message["pid"])
        elif "exit" in message:
            self._end(message["exit"], message["status"])

    def _end(self, name: int, status: int) -> None:
        process = self._processes.pop(name, None)
        if process:
            _resolve(process.started, 0)
            _resolve(process.ended, status)

    def _lost(self) -> None:
        """The fork server has died: so have its processes. Start another, soon."""
        self._unlink()
        lost = list(self._processes)
        for _, fds in self._queue:
            close_all(fds)
        self._queue.clear()
        if not self._stopping:
            log.warning("the fork server ended; starting another")
            pause = min(0.05 * 2**self._failures, LONGEST_PAUSE) if self._failures else 0.0
            self._failures += 1
            assert self._loop is not None
            self._loop.call_later(pause, self._relaunch)
        for name in lost:
            self._processes[name].lost = True
            self._end(name, KILLED)

    def _relaunch(self) -> None:
        if self._stopping:
            return
        self.launch()
        self.attach()
        self.on_restart()

    def _unlink(self) -> None:
        if self._link is None:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._link)
            self._loop.remove_writer(self._link)
        self._link.close()
        if self._receiver:
            self._receiver.close()
        self._link = self._receiver = None
        if self._popen:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(0.2)

    async def stop(self) -> None:
        """End the fork server and, with it, every process that is left; returns when they are gone."""
        self._stopping = True
        popen = self._popen
        if self._link is not None:
            if self._loop is not None:
                self._loop.remove_reader(self._link)
                self._loop.remove_writer(self._link)
            self._link.close()
        self._link = None
        if self._receiver:
            self._receiver.close()
        for _, fds in self._queue:
            close_all(fds)
        self._queue.clear()
        if popen:
            await _wait_or_kill(popen)
        for name in list(self._processes):
            self._end(name, KILLED)


async def _wait_or_kill(popen: subprocess.Popen[bytes]) -> None:
    for _ in range(int(STOP_SECONDS / 0.005)):
        if popen.poll() is not None:
            return
        await asyncio.sleep(0.005)
    popen.kill()
    popen.wait()


def _resolve(future: asyncio.Future[int], value: int) -> None:
    if not future.done():
        future.set_result(value)


def _environment() -> dict[str, str]:
    """What the fork server itself needs; containers get theirs from nothing."""
    import helpers

    root = str(Path(helpers.__file__).parent.parent)
    names = ("LAB_CLUSTER", "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    # The second is for macOS, whose libraries otherwise end a fork of a process that has loaded them.
    forking = {"GRPC_ENABLE_FORK_SUPPORT": "0", "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return {**kept, **forking, "PYTHONPATH": path}


def exit_code(status: int) -> int:
    """The exit status as a shell gives it: 128 + n when signal n ended the process."""
    return 128 - status if status < 0 else status
