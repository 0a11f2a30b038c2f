"""The lab's own cluster on this machine: start it, find it. All that `lab` knows of `helpers.localcluster`."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.lab.errors import ClusterError
from helpers.lab.home import home

if TYPE_CHECKING:
    from helpers.localcluster.node.status import Status

NAME = "hipster-lab"


def chosen() -> bool:
    """Whether the environment names no other cluster."""
    return (os.environ.get("LAB_CONTEXT") or NAME) == NAME


def meant() -> bool:
    """Whether the environment asks for nothing else than the local cluster's namespace `default`."""
    return chosen() and (os.environ.get("LAB_NAMESPACE") or "default") == "default"


def find() -> "Status":
    """The status of the local cluster: `running`, `kubeconfig`, `context`, `shop_url`, `pods` and more."""
    from helpers.localcluster.node import launch

    return launch.status()


def start() -> "Status":
    """Start the local cluster as it was left, or find it running; returns its status. Raises ClusterError."""
    from helpers.localcluster.node import launch

    try:
        return launch.up(empty=True)
    except launch.LaunchError as error:
        raise ClusterError(str(error)) from None


def kubeconfig() -> Path:
    return home() / "kubeconfig"


def shop_url() -> str | None:
    """Where the local cluster's shop answers on this machine, None if the cluster does not run."""
    found = find()
    return found.shop_url or None


def shop_socket() -> str:
    """The path of the socket where the local cluster's shop answers, whether it runs yet or not."""
    from helpers.localcluster.node.home import Home
    from helpers.localcluster.node.private import HomeError

    home = Home.of_environment()
    with contextlib.suppress(HomeError):
        home.choose_run()
    return os.fspath(home.shop_socket)
