"""Put kubectl and the kubeconfig in place for `!kubectl` and `%%bash`, whatever started the kernel."""

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from helpers.lab.cluster import kubectl
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import KubectlError
from helpers.lab.home import write


def install(context: Context, namespace: str, *, local: bool) -> None:
    """Set PATH, KUBECONFIG and KUBECACHEDIR of this process for this context, and this namespace in it.

    Doing it twice changes nothing.
    """
    for directory in reversed(_directories()):
        _prepend("PATH", directory)
    chosen = context.files if local and namespace == context.namespace else _choosing(context, namespace)
    os.environ["KUBECONFIG"] = os.pathsep.join(map(str, chosen))
    if local:  # kubectl's cache is keyed by host and port, and the next local cluster may get the same port
        os.environ["KUBECACHEDIR"] = str(context.files[0].parent / "kubecache")
    else:
        os.environ.pop("KUBECACHEDIR", None)


def _choosing(context: Context, namespace: str) -> tuple[Path, ...]:
    """The user's own files behind a small one that names context and namespace: the first word counts."""
    chosen: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": context.name}
    if namespace != context.namespace:
        chosen["contexts"] = [{"name": context.name, "context": context.entry | {"namespace": namespace}}]
    chooser = write("context.yaml", yaml.safe_dump(chosen, sort_keys=False))
    return (chooser, *(path for path in context.files if path != chooser))


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
