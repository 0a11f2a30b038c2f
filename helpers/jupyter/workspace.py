"""Write JupyterLab's first layout: the notebook on the left, the shop beside it on the right.

    python -m helpers.jupyter.workspace FOLDER [NOTEBOOK]

FOLDER is JupyterLab's folder of workspaces. A layout that is there already is left alone: it is the learner's own.
The shop's address carries the server's base URL, which on Binder differs from launch to launch, so this runs at
each start.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = "default-37a8.jupyterlab-workspace"  # the name that JupyterLab gives its workspace `default`
SHOP = "server-proxy:shop"


def workspace(notebook: str, base_url: str) -> dict[str, Any]:
    """The layout as JupyterLab stores it."""
    left, right = f"notebook:{notebook}", f"server-proxy:{SHOP}"
    dock = {
        "type": "split-area",
        "orientation": "horizontal",
        "sizes": [0.64, 0.36],
        "children": [
            {"type": "tab-area", "currentIndex": 0, "widgets": [left]},
            {"type": "tab-area", "currentIndex": 0, "widgets": [right]},
        ],
    }
    shop = {"url": f"{base_url}shop/_door/panel", "title": "Hipster Shop", "newBrowserTab": False, "id": SHOP}
    return {
        "data": {
            "layout-restorer:data": {
                "main": {"dock": dock, "current": left},
                "left": {
                    "collapsed": True,
                    "visible": True,
                    "widgets": ["filebrowser", "running-sessions", "@jupyterlab/toc:plugin"],
                },
                "right": {"collapsed": True, "visible": True, "widgets": ["jp-property-inspector"]},
                "relativeSizes": [0, 1, 0],
            },
            left: {"data": {"path": notebook, "factory": "Notebook"}},
            right: {"data": shop},
        },
        "metadata": {"id": "default"},
    }


def write(folder: Path, notebook: str, base_url: str) -> bool:
    """Write the layout unless there is one; returns whether it was written."""
    file = folder / FILE
    if file.exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(workspace(notebook, base_url), indent=1), "utf-8")
    return True


if __name__ == "__main__":
    write(
        Path(sys.argv[1]),
        (sys.argv[2:] or ["00-start-here.ipynb"])[0],
        os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/"),
    )
