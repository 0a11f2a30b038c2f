"""Put the course's Jupyter settings into this Python environment: `pip install -e` leaves a package's data files out.

`make lab` and Binder call it. A wheel brings the same files, by the list in pyproject.toml, from which this reads.
"""

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def install(prefix: Path) -> list[Path]:
    """Copy the files below `prefix`, a Python environment; returns the files written."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    written = []
    for place, files in project["tool"]["setuptools"]["data-files"].items():
        (prefix / place).mkdir(parents=True, exist_ok=True)
        written += [Path(shutil.copy(ROOT / file, prefix / place)) for file in files]
    return written


if __name__ == "__main__":
    install(Path(sys.prefix))
