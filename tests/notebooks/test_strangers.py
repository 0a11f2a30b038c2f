"""The course on a cluster full of strangers, in a namespace of one's own: it passes, and changes nothing of theirs."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster
from support.notebooks import Run, course, run, solved
from support.strangers import MINE, strange_cluster, theirs

QUICK = ("03", "06")
TARGET = 8 * 60  # seconds for all notebooks

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with strange_cluster(tmp_path_factory.mktemp("far")) as found:
        yield found


def walk(far: Any, number: str) -> Run:
    """One notebook with its task solved, as that learner."""
    own, variables = far
    (path,) = [path for path in course() if path.name.startswith(number)]
    found = run(path, own.environment, solved(path, mine=f"{MINE}-"), variables)
    assert not found.errors
    assert "[ OK ] Done." in found.text("turn-check"), f"{number}: {found.text('turn-check')}"
    return found


@pytest.mark.parametrize("number", QUICK)
def test_a_lesson_leaves_others_things_as_they_are(number: str, far: Any) -> None:
    before = theirs(far[0])
    found = walk(far, number)
    assert "1 policy from before stays: from-before" in found.text("start")
    assert theirs(far[0]) == before


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_whole_course_does(far: Any, capsys: pytest.CaptureFixture[str]) -> None:
    before, began, seconds = theirs(far[0]), time.monotonic(), {}
    for path in course():
        start = time.monotonic()
        walk(far, path.name[:2])
        seconds[path.name[:2]] = round(time.monotonic() - start)
    assert theirs(far[0]) == before
    whole = time.monotonic() - began
    with capsys.disabled():
        print(f"\ncourse_on_a_strange_cluster_seconds {whole:.0f} s < {TARGET} {seconds}")
    assert whole < TARGET


def test_pod_security_is_enforced_there(far: Any) -> None:
    options = ["run", "bold", f"--namespace={MINE}", "--image=busybox", "--privileged", "--restart=Never"]
    done = far[0].try_kubectl(*options)
    assert done.returncode == 1
    assert 'violates PodSecurity "baseline:latest": privileged (container "bold" must not set' in done.stderr


def test_a_pod_network_that_cannot_be_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_POD_CIDR", "10.96.0.0/16")
    done = Cluster(tmp_path).run("up", "--empty")
    assert done.returncode == 1 and "LAB_POD_CIDR is '10.96.0.0/16': it takes a network such as" in done.stderr
