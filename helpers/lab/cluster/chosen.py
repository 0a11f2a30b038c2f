"""Which cluster a Jupyter server's notebooks work with: the one that a kernel of it chose last.

The way to the shop runs in a process of its own beside that server, and follows what is noted here.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from helpers.lab.cluster import kubeconfig, local
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.home import home, read_json, update_json

FILE = "chosen.json"
SERVER = "JPY_PARENT_PID"
"""Jupyter gives its kernels its process id in this variable."""


class Chosen(NamedTuple):
    """A context and a namespace; no context is the local cluster's own entrance."""

    context: Context | None
    namespace: str


def note(context: Context | None, namespace: str) -> None:
    """Note what this kernel works with; a process that no Jupyter server started notes nothing."""
    server = os.environ.get(SERVER, "")
    if not re.fullmatch(r"[1-9]\d*", server):
        return
    files = [str(path) for path in context.files] if context else []
    now: dict[str, Any] = {"context": context.name if context else "", "files": files, "namespace": namespace}
    if read_json(FILE).get(server) != now:
        update_json(FILE, lambda known: {**_of_running(known), server: now})


def _of_running(known: dict[str, Any]) -> dict[str, Any]:
    return {pid: what for pid, what in known.items() if pid.isdigit() and _runs(int(pid))}


def of_server(pid: int) -> Chosen:
    """What the notebooks of the server with this process id work with; before one has chosen, `LAB_CONTEXT`.

    Raises LabError if the kubeconfig has no such context any more.
    """
    noted = read_json(FILE).get(str(pid))
    if noted is None:
        return _meant()
    if not noted["context"]:
        return Chosen(None, noted["namespace"])
    return Chosen(kubeconfig.load(map(Path, noted["files"]), noted["context"]), noted["namespace"])


def _meant() -> Chosen:
    """What a notebook chooses that names nothing."""
    if local.meant():
        return Chosen(None, "default")
    name = os.environ.get("LAB_CONTEXT") or local.NAME
    found = kubeconfig.load([local.kubeconfig()]) if name == local.NAME else of_user(name)
    return Chosen(found, os.environ.get("LAB_NAMESPACE") or found.namespace)


def of_user(name: str) -> Context:
    """A context of the user's own kubeconfig, whatever the lab has put before it. Raises LabError."""
    chooser = str(home() / "context.yaml")
    paths = [path for path in kubeconfig.files() if str(path) not in (chooser, str(local.kubeconfig()))]
    return kubeconfig.load(paths or kubeconfig.own(), name)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
