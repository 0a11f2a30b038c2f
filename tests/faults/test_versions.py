"""Two versions of the lab on one home: up with the one, then the other, and back; and from every tagged version."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.course import ROOT
from support.recovery import page, pids, recovered
from support.writer import POLICIES, Api, bystander


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True)
    return done.stdout if done.returncode == 0 else b""


def earlier_versions() -> list[str]:
    """Every tag, and the history at a few places, as far as this clone has it."""
    tags = git("tag", "--merged", "HEAD").decode().split()
    history = git("rev-list", "--first-parent", "HEAD", "--", "helpers/localcluster").decode().split()
    places = [history[len(history) * part // 4] for part in (1, 2, 3)] if len(history) > 8 else []
    return [*tags, *places]


class Checkout(Cluster):
    """A cluster that is driven by another version's command line."""

    def __init__(self, home: Path, source: Path) -> None:
        super().__init__(home)
        self._source = source

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PYTHONPATH": str(self._source)}

    def run(self, *arguments: str, timeout: float = 60, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """`python -m helpers` of that version: without the present directory, which holds another."""
        return self._execute([sys.executable, "-P", "-m", "helpers", *arguments], timeout, stdin)


def extracted(version: str, place: Path) -> bool:
    """Put a version's `helpers` there; whether it can be run with today's packages."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", version, "helpers"))) as archive:
        archive.extractall(place, filter="data")
    done = subprocess.run(
        [sys.executable, "-m", "helpers", "status"],
        cwd=place,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(place), "LAB_HOME": str(place / "none")},
    )
    return b"No cluster runs" in done.stdout + done.stderr


@pytest.fixture
def home() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="lab-version-"))
    yield place / "lab"
    Cluster(place / "lab").run("down")
    shutil.rmtree(place, ignore_errors=True)


def check(own: Cluster, *policies: str) -> None:
    """The objects are there, and the shop serves."""
    recovered(own)
    held = {item["metadata"]["name"] for item in Api(own.home / "kubeconfig").items(POLICIES)}
    assert set(policies) <= held
    assert page(own)[0] == 200


def usual(own: Cluster, command: str) -> None:
    """A command of one version against the other's node: it works, or says a sentence."""
    done = own.run(command)
    assert "Traceback" not in done.stderr and (done.returncode == 0 or done.stderr.strip()), done.stderr


VERSIONS = earlier_versions()


@pytest.mark.parametrize(
    "version", VERSIONS[:1] or [pytest.param("", marks=pytest.mark.skip(reason="this clone has no earlier version"))]
)
def test_two_checkouts_on_one_home(home: Path, tmp_path: Path, version: str) -> None:
    there_and_back(home, tmp_path, version)


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS[1:])
def test_older_checkouts_on_one_home(home: Path, tmp_path: Path, version: str) -> None:
    there_and_back(home, tmp_path, version)


def there_and_back(home: Path, place: Path, version: str) -> None:
    """The older starts, the newer looks, stops and starts; then the older again. No object is lost."""
    if not extracted(version, place):
        pytest.skip(f"{version[:10]} doesn't run with today's packages")
    older, newer = Checkout(home, place), Cluster(home)
    older.up()
    assert str(place).encode() in Path(f"/proc/{pids(older)['node']}/environ").read_bytes()
    Api(home / "kubeconfig").request("POST", POLICIES, bystander("of-the-older", 1))
    for command in ("status", "up"):
        usual(newer, command)
    check(newer, "of-the-older")
    newer.down()
    assert not newer.processes()
    newer.up()
    Api(home / "kubeconfig").request("POST", POLICIES, bystander("of-the-newer", 1))
    check(newer, "of-the-older", "of-the-newer")
    for command in ("status", "up"):
        usual(older, command)
    older.down()
    assert not older.processes()
    older.up()
    check(older, "of-the-older", "of-the-newer")
    older.down()
    newer.up()
    check(newer, "of-the-older", "of-the-newer")
