"""The fork server: imports the shop once and forks one process per container.

Run as `python -m helpers.localcluster.kubelet.processes.zygote FD MODULE…` by `forkserver.ForkServer`; FD is
its end of a socket pair. Requests (`wire` messages):

    {"run": ID, "title", "env", "cwd", "stdio", "tty", "call": [module, function, arguments] | "argv": […]}
    {"signal": ID, "number": N, "group": bool}

Answers: {"ready": pid}, {"started": ID, "pid": pid}, {"exit": ID, "status": N} (negative: the signal).
The server starts no thread, so that forking stays safe; it ends, and all containers with it, when
the node closes its end or dies.
"""

import contextlib
import fcntl
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from helpers.localcluster.kubelet.processes import child, prctl
from helpers.localcluster.kubelet.processes.watcher import Watcher, kill_group
from helpers.localcluster.kubelet.processes.wire import Message, Receiver, close_all, encode

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
KILL_SECONDS = 2.0
# How many more processes and threads its user may run before a container can start none.
ROOM, ROOM_OF_ONE = 2048, 16


class Zygote:
    """The server's state: which child is which container."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._receiver = Receiver(link)
        self._pid = os.getpid()
        self._names: dict[int, int] = {}
        self._pids: dict[int, int] = {}
        self._wakeup = self._wake_on_children()
        self._watcher = Watcher()
        self._others = prctl.tasks_of_user()

    def serve(self) -> None:
        """Answer requests until the node's end is closed."""
        self._say({"ready": self._pid})
        while True:
            readable, _, _ = select.select([self._link.fileno(), self._wakeup], [], [])
            if self._wakeup in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wakeup, 4096)
                self._reap()
            if self._link.fileno() in readable:
                received = self._receiver.receive()
                if received is None:
                    return
                for message, fds in received:
                    self._handle(message, fds)

    def _wake_on_children(self) -> int:
        """A descriptor that becomes readable when a child ends."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Only the node ends the fork server: a Ctrl-C in the terminal must not.
        for number in SIGNALS - {signal.SIGCHLD}:
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        return reading

    def _handle(self, message: Message, fds: list[int]) -> None:
        try:
            if "run" in message:
                self._run(message, fds)
            elif "signal" in message:
                self._signal(message)
        finally:
            close_all(fds)

    def _run(self, request: Message, fds: list[int]) -> None:
        name = request["run"]
        # No signal may reach the child while it still has the server's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"exit": name, "status": child.CAN_NOT_RUN, "error": f"no process: {error.strerror}"})
            return
        finally:
            if os.getpid() == self._pid:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        if pid == 0:
            self._run_child(request, fds)
        self._names[pid], self._pids[name] = name, pid
        self._watcher.add(pid)
        self._say({"started": name, "pid": pid})

    def _run_child(self, request: Message, fds: list[int]) -> NoReturn:
        signal.set_wakeup_fd(-1)
        if self._others:
            request["processes"] = self._others + ROOM + ROOM_OF_ONE * len(self._pids)
        child.run(request, fds, self._pid)

    def _signal(self, message: Message) -> None:
        pid = self._pids.get(message["signal"])
        # A pid in the table is a child that has not been reaped, so it can't be another process.
        if pid is None or (message.get("group") and kill_group(pid, message["number"])):
            return
        os.kill(pid, message["number"])

    def _reap(self) -> None:
        for pid, status in _ended(self._before_reaping):
            name = self._names.pop(pid, None)
            if pid == self._watcher.pid:
                self._watcher.replace()
            if name is not None:
                del self._pids[name]
                self._say({"exit": name, "status": status})

    def _before_reaping(self, pid: int) -> None:
        """While the dead leader still holds its id: kill what is left of its group."""
        if pid in self._names:
            kill_group(pid)
            self._watcher.discard(pid)

    def _say(self, message: Message) -> None:
        # A node that is gone shows as the end of the stream, in serve().
        with contextlib.suppress(ConnectionError):
            self._link.sendall(encode(message))

    def end(self) -> None:
        """Kill every container and what has been left of any, and wait until they are gone."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        deadline = time.monotonic() + KILL_SECONDS
        while time.monotonic() < deadline:
            for pid in self._names:
                kill_group(pid)
            for pid in prctl.children():
                if pid != self._watcher.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            for pid, _ in _ended(lambda pid: None):
                if self._names.pop(pid, None) is not None:
                    self._watcher.discard(pid)
            if not self._names and set(prctl.children()) <= {self._watcher.pid}:
                break
            time.sleep(0.002)
        self._watcher.close()
        # Whatever has withstood is killed by the shadow; it leaves last.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._watcher.pid, 0)


def _ended(before: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Children that have ended, with their status; `before` is called while their id is still theirs."""
    with contextlib.suppress(ChildProcessError):
        while pid := _peek():
            before(pid)
            _, status = os.waitpid(pid, 0)
            yield pid, os.waitstatus_to_exitcode(status)
        if hasattr(os, "waitid"):
            return
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            before(ended[0])
            yield ended[0], os.waitstatus_to_exitcode(ended[1])


def _peek() -> int:
    """The id of a child that has ended, left unreaped; 0 when there is none or the system can't tell (macOS)."""
    if not hasattr(os, "waitid"):
        return 0
    found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found.si_pid if found else 0


def preload(modules: list[str]) -> list[str]:
    """Import each module and call its `preload` where it has one; what went wrong, as sentences."""
    problems = []
    for name in modules:
        try:
            module = importlib.import_module(name)
            getattr(module, "preload", lambda: None)()
        except Exception as error:
            traceback.print_exc()
            problems.append(f"{name} could not be imported: {error}")
    return problems


def main() -> None:
    """Preload, then serve on the descriptor given as first argument."""
    link = socket.socket(fileno=int(sys.argv[1]))
    fcntl.fcntl(link, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    prctl.set_title("lab-forkserver")
    prctl.adopt_orphans()
    preload(sys.argv[2:])
    # Objects that are never looked at by the collector are never written to, and stay shared.
    gc.collect()
    gc.freeze()
    gc.disable()
    zygote = Zygote(link)
    zygote.serve()
    zygote.end()
    os._exit(0)


if __name__ == "__main__":
    main()
