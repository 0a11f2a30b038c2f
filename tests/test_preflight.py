"""The look at a machine before anything is installed, as it is mailed to attendees."""

import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.course import ROOT

FILE = ROOT / "tools" / "preflight.py"


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "jupyterlab-4.6.6-py3-none-any.whl").write_text("")
    return tmp_path / "wheels"


def run(*options: str, python: str = sys.executable, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """As mailed: the one file, of an interpreter that sees no installed package."""
    return subprocess.run([python, "-I", "-S", FILE, *options], capture_output=True, text=True, cwd=cwd, timeout=60)


def test_a_machine_that_will_do_is_ready(wheelhouse: Path) -> None:
    done = run("--wheelhouse", str(wheelhouse))
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("READY ")


def test_json_says_the_same(wheelhouse: Path) -> None:
    found = json.loads(run("--wheelhouse", str(wheelhouse), "-o", "json").stdout)
    assert found["ready"] and found["summary"].startswith("READY ") and all(line["found"] for line in found["lines"])


def test_a_missing_wheelhouse_is_said_with_what_to_do() -> None:
    done = run("--wheelhouse", "/nowhere")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("NOT READY: packages: no wheels in /nowhere (Name the folder")


def test_a_registry_that_cannot_be_reached_is_said() -> None:
    done = subprocess.run(
        [sys.executable, FILE],
        env={**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:1/simple"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and "NOT READY: packages: http://127.0.0.1:1/simple can't be reached" in done.stdout


def old_pythons() -> list[str]:
    """Those that the course doesn't take: on the path, or beside this one where pyenv keeps them."""
    names = [f"python3.{minor}" for minor in range(6, 11)]
    found = [path for name in names if (path := shutil.which(name))]
    found += [str(path) for name in names for path in Path(sys.base_prefix).parent.glob(f"*/bin/{name}")]
    return [path for path in found if not subprocess.run([path, "-c", ""], capture_output=True).returncode]


def test_an_old_python_says_so_and_does_not_stumble(wheelhouse: Path) -> None:
    """The course's own command too."""
    if not (found := old_pythons()):
        pytest.skip("there is no older Python here")
    for old in found:
        done = run("--wheelhouse", str(wheelhouse), python=old)
        assert "NOT READY: Python: 3." in done.stdout.splitlines()[-1] and not done.stderr
        doctor = subprocess.run([old, "-m", "helpers", "doctor"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert doctor.returncode == 1 and doctor.stderr.startswith("The course needs Python 3.11 or newer"), old


def looks(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> dict[str, Any]:
    """The file's names, on a machine that answers `changed` of `platform` and `sys`."""
    for name, value in changed.items():
        target, _, attribute = name.partition("_")
        monkeypatch.setattr({"platform": platform, "sys": sys}[target], attribute, value)
    return runpy.run_path(str(FILE))


@pytest.mark.parametrize(
    ("system", "machine", "libc", "state", "word"),
    [
        ("linux", "x86_64", ("glibc", "2.36"), "fine", "x86-64"),
        ("linux", "aarch64", ("glibc", "2.28"), "fine", "arm64"),
        ("linux", "x86_64", ("glibc", "2.17"), "stop", "2.28 or newer"),
        ("linux", "x86_64", ("", ""), "stop", "musl"),
        ("linux", "armv7l", ("glibc", "2.36"), "stop", "Binder"),
        ("linux", "riscv64", ("glibc", "2.36"), "stop", "Binder"),
        ("darwin", "arm64", ("", ""), "fine", "Apple silicon"),
        ("win32", "AMD64", ("", ""), "stop", "WSL"),
    ],
)
def test_only_machines_that_have_wheels_are_ready(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, libc: tuple[str, str], state: str, word: str
) -> None:
    names = looks(monkeypatch, sys_platform=system, platform_machine=lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda *_: libc)
    found = names["machine"]()
    assert found.state == state and word in f"{found.found} {found.todo}"


def test_an_intel_mac_needs_a_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    names = looks(monkeypatch, sys_platform="darwin", platform_machine=lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "brew install kubernetes-cli" in names["machine"]().todo
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/local/bin/{name}")
    assert names["machine"]().state == "fine"


def test_too_little_room_and_memory_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    names = looks(monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**9, 10**9, 5 * 10**6))
    assert names["disk"]().state == "stop" and "5 MB free" in names["disk"]().found
    monkeypatch.setitem(names["memory"].__globals__, "_free_memory", lambda: 100)
    assert names["memory"]().state == "stop" and "Close" in names["memory"]().todo
    monkeypatch.setitem(names["memory"].__globals__, "_free_memory", lambda: None)
    assert names["memory"]().state == "note"
