"""A disk that fails under a running cluster: the system makes it read-only."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.recovery import page, recovered
from support.writer import POLICIES, Api, bystander


class Image:
    """A file system in a file, which can be made to fail as a broken disk does: Linux turns it read-only."""

    def __init__(self, directory: Path) -> None:
        self.place = directory / "mounted"
        self._image = directory / "image"
        self._device = ""

    def mount(self) -> bool:
        """Whether this user and this machine can."""
        self.place.mkdir()
        with self._image.open("wb") as file:
            file.truncate(48 << 20)
        commands = (
            ["mkfs.ext4", "-q", self._image],
            ["mount", "-o", "loop,errors=remount-ro", self._image, self.place],
        )
        with contextlib.suppress(OSError):
            if not any(subprocess.run(command, capture_output=True).returncode for command in commands):
                found = subprocess.run(["findmnt", "-no", "SOURCE", self.place], capture_output=True, text=True)
                self._device = Path(found.stdout.strip()).name
                return self._trigger.exists()
        return False

    @property
    def _trigger(self) -> Path:
        return Path(f"/sys/fs/ext4/{self._device}/trigger_fs_error")

    def fail(self) -> None:
        self._trigger.write_text("a test")

    def mend(self) -> None:
        """As after a look by the machine's owner."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", self._image], capture_output=True)
        subprocess.run(["mount", "-o", "loop", self._image, self.place], check=True)

    def unmount(self) -> None:
        while os.path.ismount(self.place):
            subprocess.run(["umount", self.place], check=True)


@pytest.fixture
def disk() -> Iterator[Image]:
    directory = Path(tempfile.mkdtemp(prefix="lab-readonly-"))
    image = Image(directory)
    try:
        if os.getuid() != 0 or not image.mount():
            pytest.skip("needs root, loop devices and ext4")
        yield image
    finally:
        Cluster(image.place / "lab").run("down")
        image.unmount()
        shutil.rmtree(directory)


def test_the_disk_becomes_read_only(disk: Image) -> None:
    """What was accepted is read, the shop goes on, a write is refused with the reason; mended, all is there."""
    own = Cluster(disk.place / "lab")
    own.up()
    api = Api(own.home / "kubeconfig")
    accepted = [
        api.request("POST", POLICIES, bystander(f"kept-{number}", number))["metadata"]["name"] for number in range(5)
    ]
    disk.fail()
    code, answer = api.refusal("POST", POLICIES, bystander("refused", 1))
    assert code in (500, 503) and "read-only" in answer["message"] and "disk space" not in answer["message"], answer
    assert {item["metadata"]["name"] for item in api.items(POLICIES)} >= set(accepted)
    assert page(own)[0] == 200
    done = own.run("status")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    done = own.run("down")
    assert "Traceback" not in done.stderr, done.stderr
    assert not own.processes()
    done = own.run("up")
    assert done.returncode == 1 and "Traceback" not in done.stderr and "ead-only" in done.stderr, done.stderr
    disk.mend()
    own.up()
    api = Api(own.home / "kubeconfig")
    assert {item["metadata"]["name"] for item in api.items(POLICIES)} >= set(accepted)
    recovered(own)
