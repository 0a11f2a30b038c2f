"""From a fresh fork of the fork server to a container's process."""

import contextlib
import fcntl
import gc
import importlib
import os
import resource
import signal
import sys
import termios
import traceback
from typing import NoReturn

from helpers.localcluster.kubelet.processes import prctl
from helpers.localcluster.kubelet.processes.wire import Message

CAN_NOT_RUN, NOT_FOUND = 126, 127


def run(request: Message, fds: list[int], parent: int) -> NoReturn:
    """Become the container that `request` describes, and leave through os._exit with its status."""
    status = 1
    try:
        _settle(request, fds, parent)
        status = _execute(request) if "argv" in request else _call(request)
    except SystemExit as end:
        status = _status_of(end)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(status)


def _status_of(end: SystemExit) -> int:
    if isinstance(end.code, str):
        print(end.code, file=sys.stderr)
        return 1
    return (end.code or 0) & 0xFF


def _settle(request: Message, fds: list[int], parent: int) -> None:
    """Session, death signal, descriptors, environment, directory: nothing of the fork server stays."""
    os.setsid()
    prctl.die_with_parent(parent)
    _take_stdio(request.get("stdio", [None, 0, 0]), fds)
    if request.get("tty"):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.closerange(3, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 20))
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    os.umask(0o077)
    if "processes" in request:
        _bound_processes(request["processes"])
    prctl.set_title(request["title"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _bound_processes(most: int) -> None:
    """Let this process and its children start no more once its user runs so many; the node and others still may.

    The kernel counts a user's processes and threads together, and doesn't count root's.
    """
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def _take_stdio(wanted: list[int | None], fds: list[int]) -> None:
    """Put the sent descriptors in places 0, 1 and 2; None is /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    # Copies above 2 first: a sent descriptor may itself be 0, 1 or 2.
    sources = [fcntl.fcntl(null if place is None else fds[place], fcntl.F_DUPFD, 3) for place in wanted]
    for place, source in enumerate(sources):
        os.dup2(source, place)


def _call(request: Message) -> int:
    """Call a function of Python, given as module, name and arguments."""
    module, name, arguments = request["call"]
    sys.argv = [request["title"], *map(str, arguments)]
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    gc.enable()
    try:
        function = getattr(importlib.import_module(module), name)
    except ImportError as error:
        advice = "`python -m helpers doctor` says what to install"
        print(f"{module} cannot be imported ({error}); {advice}", file=sys.stderr)
        return CAN_NOT_RUN
    result = function(*arguments)
    return result if isinstance(result, int) else 0


def _execute(request: Message) -> int:
    """Replace this process by a program of the machine."""
    argv = request["argv"]
    # Python ignores SIGPIPE; programs expect the default, and dispositions survive an exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execve(request.get("file", argv[0]), argv, request["env"])
    except FileNotFoundError:
        print(f"{argv[0]}: no such file or directory", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        return CAN_NOT_RUN
