"""A full disk: what was accepted stays, what can't be kept is refused with a sentence, and room mends it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster
from support.recovery import assert_nothing_left, page, pids, recovered, until
from support.writer import Api

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
SIZE = 12  # MB of the small disk; a cluster with the shop takes five


class SmallDisk:
    """A file system of its own that is filled up with one file."""

    def __init__(self, directory: Path) -> None:
        self._filler = directory / "filler"
        self.home = directory / "lab"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def leave(self, bytes_free: int) -> None:
        os.truncate(self._filler, self._filler.stat().st_size - bytes_free)

    def clear(self) -> None:
        self._filler.unlink(missing_ok=True)


class Limit:
    """The node may not make files longer than its database is now. For users who can't mount anything."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "lab"

    def fill(self) -> None:
        self._set((self.home / "state.db-wal").stat().st_size)

    def clear(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, size: int) -> None:
        node = pids(Cluster(self.home)).get("node")
        if node:
            resource.prlimit(node, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def mount(directory: Path) -> bool:
    """Put a small file system on a directory; whether this user can."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=700", "tmpfs", str(directory)]
    able = sys.platform == "linux" and shutil.which("mount") is not None
    return able and subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lab-disk-"))
    try:
        yield made
    finally:
        Cluster(made / "lab").run("down")
        while os.path.ismount(made):
            subprocess.run(["umount", "-l", made], check=True)
        shutil.rmtree(made)


@pytest.fixture
def disk() -> Iterator[SmallDisk | Limit]:
    """A small disk where this user can mount one, a limit otherwise."""
    with directory() as place:
        yield SmallDisk(place) if mount(place) else Limit(place)


@pytest.fixture
def limit() -> Iterator[Limit]:
    with directory() as place:
        yield Limit(place)


def large(number: int) -> dict[str, Any]:
    data = {"text": "x" * 300_000}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"large-{number}"}, "data": data}


def write_until_refused(api: Api) -> tuple[set[str], str]:
    """The names of the objects that were accepted, and how the first that wasn't was refused."""
    accepted: set[str] = set()
    for number in range(200):
        code, answer = api.refusal("POST", CONFIG_MAPS, large(number))
        if code != 200:
            assert (answer["kind"], answer["status"]) == ("Status", "Failure")
            return accepted, answer["message"]
        accepted.add(f"large-{number}")
    raise AssertionError("the disk never became full")


def names(own: Cluster) -> set[str]:
    listed = {item["metadata"]["name"] for item in Api(own.home / "kubeconfig").items(CONFIG_MAPS)}
    return {name for name in listed if name.startswith("large-")}


def assert_full_disk_is_lived_through(disk: SmallDisk | Limit) -> set[str]:
    own = Cluster(disk.home)
    own.up()
    api = Api(own.home / "kubeconfig")
    disk.fill()
    accepted, refusal = write_until_refused(api)
    assert "free some disk space" in refusal and str(own.home) in refusal
    code, answer = api.refusal("DELETE", f"{CONFIG_MAPS}/large-0")
    assert code == 503 and "free some disk space" in answer["message"], "nothing is promised meanwhile"
    assert accepted <= names(own), "what was accepted is still read"
    assert page(own)[0] == 200, "the shop goes on"
    disk.clear()
    until(lambda: api.refusal("POST", CONFIG_MAPS, large(999))[0] in (200, 409), 5)
    assert page(own)[0] == 200
    return accepted | {"large-999"}


@pytest.mark.long
def test_the_database_may_not_grow(limit: Limit) -> None:
    """As with a quota."""
    accepted = assert_full_disk_is_lived_through(limit)
    own = Cluster(limit.home)
    os.kill(pids(own)["node"], signal.SIGKILL)
    own.up()
    assert accepted <= names(own)


def test_the_disk_is_full(disk: SmallDisk | Limit) -> None:
    accepted = assert_full_disk_is_lived_through(disk)
    own = Cluster(disk.home)
    disk.fill()
    os.kill(pids(own)["node"], signal.SIGKILL)
    done = own.run("up")  # what the database has room for in itself may do
    assert done.returncode == 0 or "free some disk space" in done.stderr.lower(), done.stderr
    assert "Traceback" not in done.stderr
    own.down()
    disk.clear()
    own.up()
    assert accepted <= names(own)
    recovered(own)
    disk.fill()
    own.down()
    assert_nothing_left(own)


READING = [
    ["status"],
    ["page", "/", "--new-cart"],
    ["page", "/cart"],
    ["flows"],
    ["matrix"],
    ["lint"],
    ["suggest"],
    ["can", "frontend", "shippingservice:50051"],
    ["explain", "frontend", "shippingservice:50051"],
    ["graph", "-o", "dot"],
    ["graph"],
    ["doctor", "--quick"],
    ["up"],
    ["down"],
    ["status"],
    ["down"],
]


def test_what_need_not_write_goes_on_with_a_full_disk(disk: SmallDisk | Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though home, temporary directory and cluster are all on it: each command ends as it did before."""
    if isinstance(disk, Limit):
        return  # a limit holds for the node alone
    place = disk.home.parent
    for variable in ("HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(place))
    own = Cluster(disk.home)
    own.up()
    before = [own.run(*command).returncode for command in READING]
    own.up()
    disk.fill()
    done = [own.run(*command) for command in READING]
    told = [result.stdout + result.stderr for result in done]
    assert not [text for text in told if "Traceback" in text]
    assert [result.returncode for result in done] == before, told
    assert "/ answered 200" in done[1].stdout and "cookies.json was not kept" in done[1].stderr
    assert_nothing_left(own)


@pytest.mark.parametrize("free", [0, pytest.param(4096, marks=pytest.mark.long), 64 * 1024])
def test_a_cluster_begins_on_a_full_disk(disk: SmallDisk | Limit, free: int) -> None:
    """However far it gets: a sentence, and nothing is left that keeps it from starting later."""
    if isinstance(disk, Limit):
        return  # there is no node yet that could be limited
    own = Cluster(disk.home)
    disk.fill()
    disk.leave(free)
    done = own.run("up", "--empty")
    assert done.returncode == 1 and "free some disk space" in done.stderr.lower(), done.stderr
    assert "Traceback" not in done.stderr
    assert not own.processes()
    disk.clear()
    own.up("--empty")
    recovered(own)
