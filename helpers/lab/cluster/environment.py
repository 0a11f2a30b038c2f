"""Put kubectl and the kubeconfig in place for `!kubectl` and `%%bash`, whatever started the kernel."""

import os
import sys
from pathlib import Path

from helpers.lab.cluster import kubectl
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import KubectlError
from helpers.lab.home import write


def install(context: Context, *, local: bool) -> None:
    """Set PATH, KUBECONFIG and KUBECACHEDIR of this process for this context; doing it twice changes nothing."""
    for directory in reversed(_directories()):
        _prepend("PATH", directory)
    os.environ["KUBECONFIG"] = os.pathsep.join(map(str, context.files if local else _choosing(context)))
    if local:  # kubectl's cache is keyed by host and port, and the next local cluster may get the same port
        os.environ["KUBECACHEDIR"] = str(context.files[0].parent / "kubecache")
    else:
        os.environ.pop("KUBECACHEDIR", None)


def _choosing(context: Context) -> tuple[Path, ...]:
    """The user's own files behind a small one that only names the current context: the first word counts."""
    chooser = write("context.yaml", f"apiVersion: v1\nkind: Config\ncurrent-context: {_quoted(context.name)}\n")
    return (chooser, *(path for path in context.files if path != chooser))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _directories() -> list[str]:
    """This Python's own directory, and kubectl's if that is another."""
    found = [str(Path(sys.executable).parent)]
    try:
        beside = str(Path(kubectl.executable()).parent)
    except KubectlError:
        return found
    return found if beside in found else [*found, beside]


def _prepend(variable: str, directory: str) -> None:
    parts = [part for part in os.environ.get(variable, "").split(os.pathsep) if part and part != directory]
    os.environ[variable] = os.pathsep.join([directory, *parts])
