"""The few system calls that Python doesn't wrap: process names and death signals (Linux; no-ops elsewhere)."""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def set_title(title: str) -> None:
    """Name this process for `ps` and `top`; the kernel keeps 15 bytes."""
    if _libc:
        _libc.prctl(PR_SET_NAME, title.encode()[:15], 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when `parent`, the process that forked this one, dies.

    The request survives an exec. Ends this process when the parent has died before it was made.
    """
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(137)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that none escapes."""
    if _libc:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """Process ids of this process's children; empty where the system doesn't tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="utf-8") as listing:
            return [int(pid) for pid in listing.read().split()]
    except OSError:
        return []


def tasks_of_user() -> int:
    """How many processes and threads this user runs; 0 where the system doesn't tell."""
    count, user = 0, os.getuid()
    for name in os.listdir("/proc") if _LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += os.stat(f"/proc/{name}/task").st_nlink - 2
    return count
