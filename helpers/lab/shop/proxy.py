"""How a browser reaches the shop through Jupyter: jupyter-server-proxy's `/shop/`, and where `/` is.

`shop` is called by the Jupyter server when it starts, in its own process: it must be quick and never fail.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

PATH = "shop/"
PANEL = "_door/panel"
"""Below PATH, the shop with its toolbar."""
DOOR = "helpers.display.door"


def shop() -> dict[str, Any]:
    """The `/shop/` of jupyter-server-proxy: a process that leads to the chosen cluster's shop, whenever it is there."""
    return {
        "command": [sys.executable, "-P", "-m", DOOR, "{unix_socket}"],
        "unix_socket": True,
        "timeout": 30,
        "absolute_url": False,
        "new_browser_tab": False,
        # A page that waits for the shop keeps no idle server alive.
        "exclude_last_activity_patterns": [r"/_door/open$"],
        "launcher_entry": {"enabled": True, "title": "Hipster Shop", "path_info": f"{PATH}{PANEL}"},
    }


def jupyter_url() -> str | None:
    """The base URL of the Jupyter server that runs this kernel, such as `/user/ada/`; None outside of one.

    A hub names it; otherwise the server's own record is found by its process id.
    """
    if prefix := os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return _slashed(prefix)
    record = _server()
    return _slashed(str(record["base_url"])) if record and record.get("base_url") else None


def shop_path(path: str = "/") -> str | None:
    """The URL path of a page of the shop through Jupyter; None without a Jupyter server."""
    base = jupyter_url()
    return None if base is None else f"{base}{PATH}{path.lstrip('/')}"


def _server() -> dict[str, Any] | None:
    """The running server's record, by the process id that it gives its kernels."""
    pid = os.environ.get("JPY_PARENT_PID", "")
    if not re.fullmatch(r"\d+", pid):
        return None
    directory = _runtime_directory()
    try:
        found = json.loads((directory / f"jpserver-{pid}.json").read_text("utf-8")) if directory else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _runtime_directory() -> Path | None:
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        return None
    return Path(jupyter_runtime_dir())


def _slashed(path: str) -> str:
    return f"/{path.strip('/')}/" if path.strip("/") else "/"
