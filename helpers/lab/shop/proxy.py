"""How a browser reaches the shop through Jupyter: jupyter-server-proxy's `/shop/`, and where `/` is.

`shop` is called by the Jupyter server when it starts, in its own process: it must be quick and never fail.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from helpers.lab.cluster import local

PATH = "shop/"


def shop() -> dict[str, Any]:
    """The `/shop/` of jupyter-server-proxy: the local cluster's socket, which may appear later."""
    return {
        "command": [],
        "unix_socket": local.shop_socket(),
        "absolute_url": False,
        "new_browser_tab": False,
        "launcher_entry": {"enabled": True, "title": "Hipster Shop"},
    }


def jupyter_url() -> str | None:
    """The base URL of the Jupyter server that runs this kernel, such as `/user/ada/`; None outside of one.

    A hub names it; otherwise the server's own record is found by its process id.
    """
    if prefix := os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return _slashed(prefix)
    record = _server()
    return _slashed(str(record["base_url"])) if record and record.get("base_url") else None


def jupyter_is_here() -> bool:
    """Whether the learner's browser very likely runs on this machine, so that loopback addresses work in it."""
    if os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return False
    record = _server()
    if record is not None and record.get("sock"):  # something stands before it, and the browser before that
        return False
    return record is not None and str(record.get("hostname", "")) in ("localhost", "127.0.0.1", "::1")


def shop_path(path: str = "/") -> str | None:
    """The URL path of a page of the local cluster's shop through Jupyter; None without a Jupyter server."""
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
