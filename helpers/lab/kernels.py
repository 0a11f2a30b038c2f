"""Kernels whose traffic nobody else on the machine can read.

A kernel usually listens on ports of the loopback interface, and whoever connects to the one for outputs hears all of
them, without a key. The project's kernels listen on UNIX sockets, in a directory that only their user can enter.
"""

import atexit
import os
import shutil
import stat
import uuid
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import default

from helpers.localcluster.node.home import LONGEST_SOCKET_PATH
from helpers.localcluster.node.private import make_directory, temporary_directory

_LONGEST = LONGEST_SOCKET_PATH - len("/kernel-12345678-1234-1234-1234-123456789012-ipc-99")
_RUNTIME = "JUPYTER_RUNTIME_DIR"


def directory() -> Path:
    """Where the sockets go: Jupyter's own directory if its path is short and it is closed to others.

    Otherwise a new one, which goes with this process, and which Jupyter in this process uses from now on.
    Raises HomeError if there is none.
    """
    usual = Path(jupyter_runtime_dir())
    if len(os.fsencode(usual)) <= _LONGEST and _is_private(usual):
        return usual
    made = temporary_directory(_LONGEST)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ[_RUNTIME] = str(made)
    return made


def configure(config: Any) -> None:
    """Set up a Jupyter server that reads this configuration."""
    config.ServerKernelManager.transport = "ipc"  # first: without a directory a kernel rather doesn't start
    directory()


class Manager(AsyncKernelManager):
    """Runs one kernel, for nbclient's `kernel_manager_class`."""

    @default("transport")
    def _usual_transport(self) -> str:
        return "ipc"

    @default("connection_file")
    def _usual_connection_file(self) -> str:
        made = directory()
        make_directory(made)
        return str(made / f"kernel-{uuid.uuid4()}.json")


def _is_private(path: Path) -> bool:
    """Jupyter makes a missing directory as it should be."""
    if not path.exists():
        return True
    found = path.stat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
