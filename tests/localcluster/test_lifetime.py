"""A cluster ends with its owner, or when nobody uses it; nothing of it is left, and its objects come back."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.cluster import Cluster

from helpers.localcluster.node.lifetime import Lifetime


def up(own: Cluster, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    own.up("--empty")


def wait_until(told: Callable[[], object], seconds: float = 20) -> float:
    """Seconds that it took."""
    begun = time.monotonic()
    while not told():
        assert time.monotonic() - begun < seconds
        time.sleep(0.1)
    return time.monotonic() - begun


def test_it_ends_with_its_owner_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a learner's Jupyter server ends on a hub: killed, without a word to anybody."""
    own = Cluster(tmp_path / "lab")
    with subprocess.Popen(["sleep", "300"]) as owner:
        try:
            up(own, monkeypatch, LAB_OWNER_PID=str(owner.pid))
            own.kubectl("create", "namespace", "kept")
            assert own.processes()
        finally:
            owner.kill()
    wait_until(lambda: not own.processes())
    assert own.run("status").returncode == 1 and "has ended" in (own.home / "node.log").read_text()
    monkeypatch.delenv("LAB_OWNER_PID")
    try:
        own.up("--empty")
        assert "kept" in own.kubectl("get", "namespaces")
    finally:
        own.down()


def test_it_ends_when_nobody_uses_it_and_not_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests keep it, a watch keeps it while it runs, and `status`, which everybody's tools ask, doesn't."""
    own = Cluster(tmp_path / "lab")
    up(own, monkeypatch, LAB_IDLE_STOP="4s")
    try:
        for _ in range(3):
            time.sleep(2)
            own.kubectl("get", "pods")
        own.try_kubectl("get", "pods", "--watch", "--request-timeout=7s")
        assert own.run("status").returncode == 0
        wait_until(lambda: own.run("status").returncode == 1)
        wait_until(lambda: not own.processes())
        assert "nobody has used the cluster for 4 seconds" in (own.home / "node.log").read_text()
    finally:
        own.down()


@pytest.mark.parametrize(
    ("name", "value"), [("LAB_OWNER_PID", "me"), ("LAB_IDLE_STOP", "soon"), ("LAB_IDLE_STOP", "0m")]
)
def test_what_makes_no_sense_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    done = Cluster(tmp_path / "lab").run("up")
    assert done.returncode == 1 and f"{name} is {value!r}" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1.5h", 5400), ("", None)])
def test_times(text: str, seconds: float | None) -> None:
    assert Lifetime.of({"LAB_IDLE_STOP": text}).idle == seconds
