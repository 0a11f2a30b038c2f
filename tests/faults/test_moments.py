"""Kills at moments that a random hour rarely meets: while the cluster starts, stops, or takes the shop's manifest."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import KUBECTL, Cluster
from support.recovery import DEPLOYMENTS, SERVICES, assert_nothing_left, page, recovered, until
from support.writer import Api

MANIFEST = Path(__file__).parents[2] / "helpers" / "boutique" / "manifests" / "hipster-shop.yaml"


def rounds(usual: int, many: int) -> list[object]:
    """Numbers of rounds: the usual ones, and those of a long run."""
    return [*range(usual), *(pytest.param(number, marks=pytest.mark.long) for number in range(usual, many))]


@pytest.fixture
def own() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="lab-moment-"))
    made = Cluster(home)
    yield made
    made.run("down")
    shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def started(own: Cluster, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs meanwhile."""
    with subprocess.Popen(
        command,
        env=own.environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def any_of(own: Cluster, random_source: random.Random, seconds: float) -> int | None:
    """A process of the cluster after a while, whichever: the node, the fork server, its shadow, a pod, `up` itself."""
    time.sleep(random_source.uniform(0, seconds))
    found = sorted(own.processes())
    return random_source.choice(found) if found else None


@pytest.mark.parametrize("number", rounds(2, 50))
def test_a_kill_while_the_cluster_starts(own: Cluster, number: int) -> None:
    """`up` ends soon, well or with a sentence; the next one succeeds whatever was left."""
    random_source = random.Random(f"{number}-{os.environ.get('FAULT_SEED', random.random())}")
    with started(own, sys.executable, "-m", "helpers", "up") as up:
        victim = any_of(own, random_source, 1.5)
        if victim:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        said = "".join(up.communicate(timeout=90))
    assert "Traceback" not in said, said
    assert up.returncode in (0, 1, -signal.SIGKILL), said
    assert up.returncode != 1 or said.strip(), "it failed and said nothing"
    own.up()
    recovered(own)
    assert page(own)[0] == 200
    own.down()
    assert_nothing_left(own)


@pytest.mark.parametrize("number", rounds(1, 25))
def test_a_kill_while_the_shop_is_applied(own: Cluster, number: int) -> None:
    """What kubectl reported as created is there afterwards, and applying again completes it."""
    random_source = random.Random(f"{number}-{os.environ.get('FAULT_SEED', random.random())}")
    own.up("--empty")
    assert KUBECTL
    with started(own, KUBECTL, "apply", "-f", str(MANIFEST)) as apply:
        time.sleep(random_source.uniform(0.05, 0.5))
        node = own.status["pids"]["node"]
        os.kill(node, signal.SIGKILL)
        said = apply.communicate(timeout=60)[0]
    own.up("--empty")
    api = Api(own.home / "kubeconfig")
    for kind, path in (("deployment.apps", DEPLOYMENTS), ("service", SERVICES)):
        there = {item["metadata"]["name"] for item in api.items(path)}
        created = set(re.findall(rf"^{re.escape(kind)}/(\S+) created$", said, re.MULTILINE))
        assert created <= there, f"created and lost: {created - there}"
    own.kubectl("apply", "-f", str(MANIFEST))
    recovered(own)
    assert page(own)[0] == 200


def test_a_kill_while_the_cluster_stops(own: Cluster) -> None:
    """`down` that was cut short leaves nothing that the next one, or the next `up`, can't clear."""
    own.up("--empty")
    with started(own, sys.executable, "-m", "helpers", "down") as down:
        time.sleep(random.uniform(0.05, 0.3))
        down.kill()
        down.communicate()
    own.down()
    assert_nothing_left(own)
    own.up("--empty")
    recovered(own)


def test_control_c_during_up_leaves_a_cluster_that_up_completes(own: Cluster) -> None:
    with started(own, sys.executable, "-m", "helpers", "up") as up:
        until(own.processes, 5)
        time.sleep(0.3)
        up.send_signal(signal.SIGINT)
        said = "".join(up.communicate(timeout=30))
    assert "Traceback" not in said, said
    own.up()
    recovered(own)
