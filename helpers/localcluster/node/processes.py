"""Which processes belong to a cluster, told without trusting a process id that may have been given away since."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

MARK = "LAB_CLUSTER"
"""In the environment of the node and all that it starts: the directory of the cluster's sockets."""


class Lock:
    """An exclusive lock on a file, held by the process until it is released or the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, seconds: float = 0.0) -> bool:
        """Lock, waiting for so long if another process holds it; False if it still does."""
        descriptor = self._open()
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(0.02)
            else:
                self._descriptor = descriptor
                self._sign(descriptor)
                return True

    def _open(self) -> int:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            os.fchmod(descriptor, 0o600)
            return descriptor
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            # A file that is there can be locked on a read-only disk as well.
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def _sign(self, descriptor: int) -> None:
        """Say who holds the lock. On a full disk it may stay unsaid; the lock holds nevertheless."""
        text = f"{os.getpid()}\n".encode()
        with contextlib.suppress(OSError):
            # Over the old text before the rest is cut off: that takes no new space.
            os.pwrite(descriptor, text, 0)
            os.ftruncate(descriptor, len(text))

    def release(self) -> None:
        """Let go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(path: Path) -> int | None:
    """The process that holds the lock on this file; None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 20).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def of_cluster(run: Path) -> list[int]:
    """The processes of the cluster whose sockets are in `run`, this one excepted."""
    marks = (f"{MARK}={run}".encode(), f"LISTEN_DIR={run}/".encode())
    found = _environments_linux() if Path("/proc/self/environ").exists() else _environments_ps()
    return [
        pid
        for pid, variables in found
        if pid != os.getpid() and any(variable == marks[0] or variable.startswith(marks[1]) for variable in variables)
    ]


def title(pid: int) -> str:
    """What the process calls itself; "process" where that can't be told."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
    return "process"


def kill(pids: Iterable[int], patience: float = 2.0) -> None:
    """Kill processes, and wait until they are gone."""
    waiting = [*pids]
    for pid in waiting:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for pid in waiting:
        wait_gone(pid, patience)


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait for a process to end; whether it did."""
    deadline = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def runs(pid: int) -> bool:
    """Whether the process exists and is more than a zombie that nobody has reaped yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return True


def _environments_linux() -> Iterator[tuple[int, list[bytes]]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                yield int(name), Path(f"/proc/{name}/environ").read_bytes().split(b"\0")


def _environments_ps() -> Iterator[tuple[int, list[bytes]]]:
    """Where there is no /proc: ps shows the environment of the user's own processes after the command."""
    listing = subprocess.run(["ps", "-axEwwo", "pid=,command="], capture_output=True, check=False).stdout
    for line in listing.splitlines():
        pid, _, rest = line.strip().partition(b" ")
        if pid.isdigit():
            yield int(pid), rest.split(b" ")
