"""Give the JupyterLab of this Python environment a calm first view: no news, no update pop-ups, steady scrolling.

And kernels whose traffic stays with their user; the debugger, which would open a port without a key, is left out.

Writes into the environment alone (`sys.prefix`), so that nobody's own Jupyter settings change.
`make lab` and Binder both call it: python tools/jupyter_settings.py
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).with_name("jupyter.json")
SERVER_CONFIG = Path(__file__).resolve().with_name("jupyter_server_config.py")
PLACES = {
    "server": Path("etc/jupyter/jupyter_lab_config.json"),
    "page": Path("etc/jupyter/labconfig/page_config.json"),
    "kernel": Path("etc/ipython/ipython_kernel_config.json"),
    "overrides": Path("share/jupyter/lab/settings/overrides.d/hipster-shop.json"),
}


def settings() -> dict[str, Any]:
    """The settings by part."""
    found: dict[str, Any] = json.loads(SETTINGS.read_text("utf-8"))
    return found


def install(prefix: Path) -> list[Path]:
    """Write the settings below `prefix`, a Python environment; returns the files written."""
    parts = settings()
    written = []
    for part, place in PLACES.items():
        file = prefix / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(parts[part], indent=2) + "\n", "utf-8")
        written.append(file)
    written.append(Path(shutil.copy(SERVER_CONFIG, prefix / "etc" / "jupyter")))
    return written


if __name__ == "__main__":
    install(Path(sys.prefix))
