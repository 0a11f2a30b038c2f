"""The fork server's shadow: kills the containers when the fork server is gone.

A small process that the fork server forks for itself. It reads process ids from a pipe whose
writing end only the fork server holds: `+PID` when a container starts, `-PID` when it was reaped.
The pipe's end means that the fork server has died, however it died; what still runs is killed.
Linux has a death signal for a process's own children; this reaches their children too, and
serves systems without death signals.
"""

import contextlib
import os
import signal

from helpers.localcluster.kubelet.processes import prctl


class Watcher:
    """The fork server's end: tells the shadow which process groups exist."""

    def __init__(self) -> None:
        self.pid = 0
        self._groups: set[int] = set()
        self._pipe = -1
        self._start()

    def _start(self) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            _shadow(reading)
        os.close(reading)
        self.pid, self._pipe = pid, writing
        for group in self._groups:
            self._tell(f"+{group}")

    def add(self, pid: int) -> None:
        """A container has been started as the leader of the group `pid`."""
        self._groups.add(pid)
        self._tell(f"+{pid}")

    def discard(self, pid: int) -> None:
        """The container is gone, and its process id may be used again by the system."""
        self._groups.discard(pid)
        self._tell(f"-{pid}")

    def replace(self) -> None:
        """Start another shadow after the first was killed."""
        os.close(self._pipe)
        self._start()

    def _tell(self, line: str) -> None:
        # A dead shadow is noticed by the fork server as a dead child, and replaced.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, line.encode() + b"\n")

    def close(self) -> None:
        """End the pipe: the shadow kills what is left and leaves."""
        os.close(self._pipe)


def _shadow(reading: int) -> None:
    """Follow the pipe to its end, then kill every group that is left. Never returns."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    prctl.set_title("lab-watcher")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.dup2(0, 2)
    os.dup2(reading, 3)
    os.closerange(4, 1 << 16)
    groups: set[int] = set()
    rest = b""
    while chunk := os.read(3, 1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
    for group in groups:
        kill_group(group)
    os._exit(0)


def kill_group(pid: int, number: int = signal.SIGKILL) -> bool:
    """Signal the group led by `pid`; whether there was one."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS answers so for a group of zombies.
        return True
    return True
