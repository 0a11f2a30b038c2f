"""Into the middle of the course, and out of a broken lab, with what was done before."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster
from support.notebooks import course

from helpers.lab.course.catching_up import beginning, catch_up
from helpers.lab.errors import LabError


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster("--empty") as found:
        yield found


def run(own: Cluster, program: str) -> str:
    """What a program prints that begins as a notebook does."""
    command = [sys.executable, "-c", f"from helpers import lab; lab.start(); {program}"]
    done = subprocess.run(command, env=own.environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def policies(own: Cluster) -> list[str]:
    return own.kubectl("get", "networkpolicy", "-o", "name").split()


def test_every_notebook_can_be_caught_up_with(own: Cluster) -> None:
    """One after the other, from the last to the first: each is where its own first cells would bring it."""
    expected = {path.name[:2]: beginning(path)[0] for path in course()}
    numbers = sorted(expected, reverse=True)
    said = run(own, "".join(f'lab.catch_up("{at}"); print("policies", len(lab.world().policies));' for at in numbers))
    counts = [int(line.split()[1]) for line in said.splitlines() if line.startswith("policies ")]
    for number, count in zip(numbers, counts, strict=True):
        assert f"You are where notebook {number} begins" in said
        assert bool(count) == bool(expected[number]), number
    assert "no shop is deployed" in said.rpartition("notebook 02")[2]


def test_what_was_before_is_skipped_and_what_was_done_stays(own: Cluster) -> None:
    own.kubectl("create", "namespace", "sandbox")
    own.kubectl("label", "namespace", "sandbox", "team=blue")
    said = run(own, 'lab.check("00-sandbox"); lab.catch_up(4); print(repr(lab.progress()))')
    assert "Skipped: 01-order, 02-arrow, 03-payment; their checks go on working." in said
    assert "\n[ OK ] 00-sandbox" in said
    assert len(policies(own)) == 1 and "shipping-allow-checkout" in policies(own)[0]


def test_a_broken_lab_is_made_new_by_one_command(own: Cluster) -> None:
    """The node hangs, its state file is rubbish, its credentials are gone; the learner's progress is none of that."""
    run(own, 'lab.catch_up("01")')
    before = json.loads((own.home / "progress.json").read_text())
    os.kill(own.refresh()["pids"]["node"], signal.SIGSTOP)
    (own.home / "state.db").write_bytes(b"rubbish" * 1000)
    (own.home / "kubeconfig").write_text("rubbish")
    done = own.run("renew", timeout=90)
    assert done.returncode == 0 and "your progress is kept" in done.stdout, done.stdout + done.stderr
    assert policies(own) == [] and own.refresh()["server"]
    assert json.loads((own.home / "progress.json").read_text()) == before and before["00-sandbox"]
    assert "where notebook 03 begins" in run(own, 'lab.catch_up("03")')


@pytest.mark.parametrize("wanted", ["99", "", "four", "123"])
def test_a_notebook_that_is_not_there(wanted: str) -> None:
    with pytest.raises(LabError, match=r"There is no notebook .* lab.catch_up"):
        catch_up(wanted)
