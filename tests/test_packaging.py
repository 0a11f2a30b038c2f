"""What is installed, from which list, under which licence, and that nothing in a foreign directory takes its place."""

import importlib.metadata
import json
import os
import re
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.course import ROOT

LISTS = ["requirements", "requirements-dev", "requirements-peer"]


def pinned(name: str) -> list[Requirement]:
    """What a list asks for, without the lists that it includes."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / f"{name}.txt").read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def locked(name: str) -> list[tuple[Requirement, int]]:
    """What a lock installs, with the number of its hashes."""
    entries = re.split(r"\n(?=[^\s#])", (ROOT / f"{name}.lock").read_text())
    return [
        (Requirement(entry.partition("\\")[0]), entry.count("--hash=sha256:")) for entry in entries if "==" in entry
    ]


@pytest.mark.parametrize("name", LISTS)
def test_a_lock_has_all_of_its_list_with_hashes(name: str) -> None:
    found = [(canonicalize_name(item.name), str(item.specifier).removeprefix("==")) for item, _ in locked(name)]
    for wanted in pinned(name):
        versions = [version for other, version in found if other == canonicalize_name(wanted.name)]
        assert any(map(wanted.specifier.contains, versions)), f"{wanted} is not in {name}.lock: run make lock"
    assert all(hashes for _, hashes in locked(name))
    assert all(str(item.specifier).startswith("==") and not item.url for item, _ in locked(name))


def test_the_locks_agree() -> None:
    course, tests = ({(item.name, str(item.specifier)) for item, _ in locked(name)} for name in LISTS[:2])
    assert course <= tests


def test_what_is_installed_is_what_is_locked() -> None:
    for item, _ in locked("requirements-dev"):
        if item.marker is None or item.marker.evaluate():
            assert item.specifier.contains(importlib.metadata.version(item.name)), f"{item}: run make test"


@pytest.mark.parametrize("file", ["Makefile", "binder/postBuild", "binder/requirements.txt", ".ci/run"])
def test_nothing_is_installed_unlocked(file: str) -> None:
    text = (ROOT / file).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if re.search(r"\$\(PIP\) |pip install (?!--quiet --disable-pip-version-check \$\(if)", line):
            assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, line
        assert not re.match(r"-r .*\.txt", line)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in the course's wheel."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            place,
            ROOT,
        ],
        check=True,
        env={**os.environ, "TMPDIR": str(place)},
    )
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        texts = {name: archive.read(name) for name in archive.namelist() if "/licenses/" in name}
        assert any(text == (ROOT / "LICENSE").read_bytes() for text in texts.values())
        assert any(text == (ROOT / "helpers/display/widgets/LICENSES.txt").read_bytes() for text in texts.values())
        return archive.namelist()


def test_the_wheel_has_the_licence_texts_of_what_it_brings(wheel: list[str]) -> None:
    assert sum("/licenses/" in name for name in wheel) == 2


def test_the_wheel_has_all_that_the_program_reads(wheel: list[str]) -> None:
    kinds = {".py", ".pyi", ".json", ".html", ".css", ".js", ".svg", ".proto", ".yaml"}
    tracked = subprocess.run(["git", "ls-files", "helpers"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    wanted = {
        name
        for name in tracked
        if Path(name).suffix in kinds
        and "/frontend/src/" not in name
        and "/frontend/test/" not in name
        and "widgets/frontend/" not in name
    }
    assert wanted and wanted <= {*wheel}, sorted(wanted - {*wheel})[:5]
    assert not [name for name in wheel if name.startswith(("tests/", "tools/", "benchmarks/"))]


def test_every_licence_is_known(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "licences.py", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "sbom.json").read_text())
    assert found["bomFormat"] == "CycloneDX"
    listed = {item["purl"]: item["licenses"][0]["license"]["name"] for item in found["components"]}
    for item, _ in locked("requirements"):
        if item.marker is None or item.marker.evaluate():
            assert listed[f"pkg:pypi/{item.name}@{str(item.specifier).removeprefix('==')}"]
    brought = runpy.run_path(str(ROOT / "tools" / "licences.py"))["bundled"]()
    assert {item.purl for item in brought} <= listed.keys() and any("codemirror" in purl for purl in listed)
    assert (tmp_path / "licences.md").read_text().count("\n") == len(listed) + 2


SHADOWED = (
    "argparse",
    "json",
    "yaml",
    "typing",
    "dataclasses",
    "signal",
    "subprocess",
    "grpc",
    "IPython",
    "redis",
    "kubernetes",
    "select",
    "socket",
    "ssl",
    "sqlite3",
    "cryptography",
    "difflib",
    "tempfile",
)


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["--help"],
        ["nothing"],
        ["doctor", "--quick"],
        ["lint", "."],
        ["up", "--empty"],
        ["page", "/"],
        ["down"],
        ["graph"],
    ],
    ids=" ".join,
)
def test_a_foreign_directory_takes_no_modules_place(tmp_path: Path, command: list[str]) -> None:
    """As when somebody works in a folder of downloads."""
    place = tmp_path / "downloads"
    place.mkdir()
    for name in SHADOWED:
        (place / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    environment = {**os.environ, "LAB_HOME": str(tmp_path / "lab"), "HOME": str(tmp_path)}
    environment.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "helpers", *command],
            cwd=place,
            env=environment,
            text=True,
            capture_output=True,
            timeout=60,
        )
        assert "shadowed" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    finally:
        if command[0] == "up":
            subprocess.run([sys.executable, "-m", "helpers", "down"], env=environment, check=True, capture_output=True)


def test_a_checkout_sets_jupyter_up_as_a_wheel_does(tmp_path: Path) -> None:
    """An editable install brings no data files, so that `make lab` copies them; and this environment has them."""
    install = runpy.run_path(str(ROOT / "tools" / "jupyter_settings.py"))["install"]
    names = [str(path.relative_to(tmp_path)) for path in install(tmp_path)]
    assert "etc/jupyter/jupyter_server_config.py" in names and len(names) >= 5
    assert all((Path(sys.prefix) / name).exists() for name in names), "run make lab"
    name = "etc/jupyter/jupyter_server_config.py"  # JupyterLab itself writes into some of the others
    assert (Path(sys.prefix) / name).read_bytes() == (tmp_path / name).read_bytes(), "run make lab"
