"""A Jupyter server that is one user's among many, on a hub or at a workshop's seat: the lab there is that server's.

Read by every server of an environment that the course is installed into; any other server is left as it is.
"""

import os
import sys
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_dir

from helpers.jupyter import environment, workspace
from helpers.jupyter.laying_out import lay_out
from helpers.jupyter.opening import FIRST
from helpers.lab.home import notebooks

HUB = "JUPYTERHUB_SERVICE_PREFIX"
ENDS = "LAB_ENDS_WITH_SERVER"
"""Set where the cluster shall end with the server that started it."""
OWNER = "LAB_OWNER_PID"
NOTEBOOKS = "LAB_NOTEBOOKS"
"""On a hub: the folder in which each user gets the course, such as ~/hipster-shop. Without it nothing is laid out."""


def prepare(config: Any) -> None:
    """Lead kernels and terminals to the user's own cluster, and have it end with this server."""
    if HUB not in os.environ and ENDS not in os.environ:
        return
    os.environ.update(environment.variables())
    own = str(Path(sys.executable).parent)
    if own not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", "")])
    os.environ[OWNER] = str(os.getpid())
    if os.environ.get(NOTEBOOKS) and HUB in os.environ:
        _lay_out(config, Path(os.environ[NOTEBOOKS]).expanduser().absolute())


def _lay_out(config: Any, folder: Path) -> None:
    """The course in a folder of the user's, opened with the shop beside it."""
    lay_out(notebooks(), folder)
    config.ServerApp.root_dir = str(folder)
    config.ServerApp.default_url = "/lab"
    places = os.environ.get("JUPYTERLAB_WORKSPACES_DIR") or Path(jupyter_config_dir()) / "lab" / "workspaces"
    workspace.write(Path(places), FIRST, os.environ[HUB])
