"""Give the JupyterLab of this Python environment a calm first view: no news, no update pop-ups, steady scrolling.

Writes into the environment alone (`sys.prefix`), so that nobody's own Jupyter settings change.
`make lab` and Binder both call it: python tools/jupyter_settings.py
"""

import json
import sys
from pathlib import Path

SETTINGS = Path(__file__).with_name("jupyter.json")
PLACES = {
    "server": Path("etc/jupyter/jupyter_lab_config.json"),
    "kernel": Path("etc/ipython/ipython_kernel_config.json"),
    "overrides": Path("share/jupyter/lab/settings/overrides.d/hipster-shop.json"),
}


def install(prefix: Path) -> list[Path]:
    """Write the settings below `prefix`, a Python environment; returns the files written."""
    settings = json.loads(SETTINGS.read_text())
    written = []
    for part, place in PLACES.items():
        file = prefix / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings[part], indent=2) + "\n")
        written.append(file)
    return written


if __name__ == "__main__":
    install(Path(sys.prefix))
