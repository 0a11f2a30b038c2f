"""The course without a checkout: its wheel in an environment of its own, as pipx and uvx make it."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.course import ROOT

pytestmark = pytest.mark.timeout(240)
NAME = "hipster-shop-network-policy"


class Installed:
    """An environment that holds the course's wheel alone; what the course needs is found in the tests' own."""

    def __init__(self, place: Path) -> None:
        wheels = place / "wheels"
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT]
        subprocess.run(build, check=True, env={**os.environ, "TMPDIR": str(place)})
        self.wheel = next(wheels.glob("*.whl"))
        self.prefix = place / "env"
        venv.create(self.prefix, with_pip=False, symlinks=True)
        site = next((self.prefix / "lib").glob("python*/site-packages"))
        install = [sys.executable, "-m", "pip", "--python", self.prefix, "install", "-q", "--no-deps", self.wheel]
        subprocess.run(install, check=True)
        others = Path(importlib.metadata.distribution("pytest").locate_file(""))
        (site / "others.pth").write_text(f"{others}\n")
        self.home = place / "home"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LAB_", "KUBE"))
        } | {"HOME": str(self.home)}
        self.home.mkdir()

    def run(self, *command: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.prefix / "bin" / command[0], *command[1:]],
            cwd=cwd or self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_asks_for_what_the_list_names(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    asked = {Requirement(line.partition(": ")[2]).name for line in lines if line.startswith("Requires-Dist: ")}
    listed = {
        Requirement(text).name
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if (text := line.partition("#")[0].strip()) and not text.startswith("-")
    }
    assert asked == listed - {"setuptools"}


def test_the_notebooks_come_along(installed: Installed) -> None:
    folder = installed.home / "course"
    first = installed.run("hipster-lab", "notebooks", str(folder))
    assert first.returncode == 0, first.stderr
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT / "notebooks", capture_output=True, text=True, check=True)
    for name in tracked.stdout.split():
        assert (folder / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    (folder / "00-start-here.ipynb").write_text("mine")
    again = installed.run("hipster-lab", "notebooks", str(folder))
    assert again.returncode == 0 and "Kept as they were: 00-start-here.ipynb" in again.stdout
    assert (folder / "00-start-here.ipynb").read_text() == "mine"
    assert installed.run("hipster-lab", "notebooks", str(folder), "--replace").returncode == 0
    assert (folder / "00-start-here.ipynb").read_text() != "mine"


def test_a_folder_that_is_a_file_is_refused(installed: Installed) -> None:
    (installed.home / "taken").write_text("")
    done = installed.run("hipster-lab", "notebooks", "taken")
    assert done.returncode == 2 and "is not a folder" in done.stderr and "Traceback" not in done.stderr


def test_the_course_runs_from_the_wheel(installed: Installed) -> None:
    """Its own modules, manifests and policies; nothing of the checkout."""
    try:
        up = installed.run("hipster-lab", "up")
        assert up.returncode == 0, up.stderr
        page = installed.run("hipster-lab", "page", "/")
        assert page.returncode == 0 and "200 OK" in page.stdout
        text = "from helpers import lab; lab.start(); lab.apply('policies/ingress'); print(lab.__file__)"
        done = installed.run("python", "-c", text)
        assert done.returncode == 0, done.stderr
        assert str(installed.prefix) in done.stdout.splitlines()[-1]
        assert (
            "shipping-allow-frontend"
            in installed.run("hipster-lab", "explain", "frontend", "shippingservice", "--port", "50051").stdout
        )
    finally:
        assert installed.run("hipster-lab", "down", "--purge").returncode == 0


def test_a_jupyterlab_beside_it_is_the_courses(installed: Installed) -> None:
    """Private kernels, no update pop-ups: the settings are where this environment's JupyterLab looks."""
    etc = installed.prefix / "etc"
    assert "helpers.lab" in (etc / "jupyter" / "jupyter_server_config.py").read_text()
    assert "helpers.display.newkernel" in (etc / "ipython" / "ipython_kernel_config.json").read_text()
    assert (installed.prefix / "share/jupyter/lab/settings/overrides.d/hipster-shop.json").is_file()


@pytest.fixture
def notebooks(installed: Installed, tmp_path: Path) -> Path:
    assert installed.run("hipster-lab", "notebooks", str(tmp_path / "course")).returncode == 0
    return tmp_path / "course"


FIRST_LINE = "from helpers import lab, display; print(lab.__name__)"


def test_a_python_without_the_course_is_told_what_to_do(notebooks: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "other", with_pip=False, symlinks=True)
    done = subprocess.run(
        [tmp_path / "other" / "bin" / "python", "-c", FIRST_LINE], cwd=notebooks, capture_output=True, text=True
    )
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "Choose the course's kernel" in last and str(tmp_path / "other") in last


def test_a_foreign_helpers_does_not_take_its_place(installed: Installed, notebooks: Path, tmp_path: Path) -> None:
    for name in ("module", "package/helpers"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "module" / "helpers.py").write_text("raise SystemExit('foreign')")
    (tmp_path / "package" / "helpers" / "__init__.py").write_text("raise SystemExit('foreign')")
    path = os.pathsep.join(str(tmp_path / name) for name in ("module", "package"))
    done = subprocess.run(
        [installed.prefix / "bin" / "python", "-c", FIRST_LINE],
        cwd=notebooks,
        env={**installed.environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "helpers.lab\n", done.stderr


def test_a_missing_package_is_named(notebooks: Path, tmp_path: Path) -> None:
    """As after `pip install --no-deps`."""
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=True)
    site = next((bare / "lib").glob("python*/site-packages"))
    shutil.copytree(ROOT / "helpers", site / "helpers", ignore=shutil.ignore_patterns("frontend", "__pycache__"))
    line = "from helpers import lab; lab.start()"
    done = subprocess.run([bare / "bin" / "python", "-c", line], cwd=notebooks, capture_output=True, text=True)
    assert done.returncode == 1 and "is missing in" in done.stderr.splitlines()[-1], done.stderr
    assert "make lab" in done.stderr.splitlines()[-1]


def test_the_commands_work_in_the_notebooks_folder(installed: Installed, notebooks: Path) -> None:
    done = installed.run("python", "-m", "helpers", "status", cwd=notebooks)
    assert "No cluster runs" in done.stdout, done.stderr
