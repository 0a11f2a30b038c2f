"""The cluster under another Python than the one that runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.course import ROOT
from support.recovery import assert_nothing_left, page, recovered

PYTHONS = [version for version in ("3.12", "3.13", "3.14") if version != f"3.{sys.version_info.minor}"]


class Other(Cluster):
    """Driven by another interpreter, with the course installed into an environment of its own."""

    def __init__(self, home: Path, python: Path) -> None:
        super().__init__(home)
        self._python = python

    def run(self, *arguments: str, timeout: float = 60, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return self._execute([str(self._python), "-P", "-m", "helpers", *arguments], timeout, stdin)


def interpreter(version: str) -> str | None:
    """On the PATH, or beside the one that runs this, as pyenv has them."""
    beside = Path(sys.base_prefix).parent.glob(f"*{version}*/bin/python{version}")
    found = [shutil.which(f"python{version}"), *map(str, beside)]
    works = (path for path in found if path and not subprocess.run([path, "-c", ""], capture_output=True).returncode)
    return next(works, None)


def environment(version: str, place: Path) -> Path:
    """An environment of this Python with what the course needs."""
    python = interpreter(version)
    if not python:
        pytest.skip(f"there is no Python {version} here")
    subprocess.run([python, "-m", "venv", place], check=True)
    wanted = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("-e")]
    (place / "wanted.txt").write_text("\n".join(wanted))
    own = place / "bin" / "python"
    command = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", place / "wanted.txt"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the course's packages can't be had for Python {version}: {done.stderr.strip()[-200:]}")
    return own


@pytest.mark.long
@pytest.mark.parametrize("version", PYTHONS)
def test_another_python(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up, a page of every kind, down."""
    place = Path(tempfile.mkdtemp(prefix="lab-python-"))
    try:
        python = environment(version, place / "venv")
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("PATH", f"{python.parent}{os.pathsep}{os.environ['PATH']}")
        own = Other(place / "lab", python)
        try:
            own.up()
            recovered(own)
            assert all(page(own, path)[0] == 200 for path in ("", "product/OLJCESPC7Z", "cart"))
            assert "Traceback" not in (own.home / "node.log").read_text()
        finally:
            own.run("down")
        assert_nothing_left(own)
    finally:
        shutil.rmtree(place)
