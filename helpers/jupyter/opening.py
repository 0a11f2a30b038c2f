"""Open the course in JupyterLab: lay it out, start the cluster, lead everything in there to it."""

import os
import subprocess
import sys
from pathlib import Path

from helpers.jupyter import environment, workspace
from helpers.lab.home import home

FIRST = "00-start-here.ipynb"


def open_lab(notebooks: Path, options: list[str]) -> int:
    """Run JupyterLab over `notebooks` until it ends; returns its exit status. `options` are JupyterLab's own."""
    layouts = home() / "workspaces"
    workspace.write(layouts, FIRST, "/")
    command = [
        sys.executable,
        "-P",
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={notebooks}",
        f"--LabApp.workspaces_dir={layouts}",
        "--LabApp.default_url=/lab",
        "--log-level=CRITICAL",
        *(["--allow-root"] if os.getuid() == 0 else []),
        *options,
    ]
    variables = {
        **os.environ,
        **environment.variables(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel is this environment's, whatever others this user has
    }
    with subprocess.Popen(command, env=variables) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal sent it to JupyterLab too, which ends by itself
                continue
