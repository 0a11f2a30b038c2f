"""The Binder folder, as repo2docker reads it, and the start of a session as Binder runs it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.course import ROOT

BINDER = ROOT / "binder"


def lines(name: str) -> list[str]:
    return (BINDER / name).read_text().splitlines()


def test_the_one_list_of_dependencies_is_used() -> None:
    """Locked, and the course itself, which has no hash, after it."""
    assert lines("requirements.txt") == ["-r ../requirements.lock"]
    assert "--no-deps --no-build-isolation -e ." in (BINDER / "postBuild").read_text()
    assert (ROOT / "requirements.txt").read_text().splitlines()[-1] == "-e ."


def test_the_python_is_one_that_the_course_takes() -> None:
    name, _, version = lines("runtime.txt")[0].partition("-")
    assert name == "python" and tuple(map(int, version.split("."))) >= (3, 11)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run(name: str) -> None:
    assert os.access(BINDER / name, os.X_OK)
    assert lines(name)[0] == "#!/bin/bash"
    subprocess.run(["bash", "-n", BINDER / name], check=True)


def test_a_failing_step_fails_the_build() -> None:
    assert "set -eux" in lines("postBuild")


def test_a_session_starts_at_once_and_the_cluster_with_it(tmp_path: Path) -> None:
    assert lines("start")[-1] == 'exec "$@"'
    home = tmp_path / "lab"
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "LAB_HOME": str(home),
        "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    began = time.monotonic()
    try:
        subprocess.run([BINDER / "start", "true"], check=True, env=environment, cwd=ROOT, timeout=30)
        assert time.monotonic() - began < 20
        layout = next((tmp_path / "workspaces").iterdir()).read_text()
        assert "/user/ada/shop/" in layout and "notebook:notebooks/00-start-here.ipynb" in layout
        assert status(environment)["pods"] is not None
    finally:
        subprocess.run(
            [sys.executable, "-m", "helpers", "down"], check=True, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
        )


def status(environment: dict[str, str]) -> dict[str, object]:
    """The cluster's status once it is up."""
    for _ in range(100):
        done = subprocess.run(
            [sys.executable, "-m", "helpers", "status", "-o", "json"],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        found: dict[str, object] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        if found.get("server"):
            return found
        time.sleep(0.2)
    raise AssertionError("the cluster did not come up")
