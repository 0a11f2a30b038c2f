"""Anything may be killed at any moment: what the API accepted is kept, and the shop comes back."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster
from support.writer import Writer, kept

RECOVERY = 30.0  # seconds until every pod must be Ready again, on a busy machine


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    with cluster(prefix="lab-faults-") as own:
        yield own


def rounds() -> list[int]:
    return list(range(int(os.environ.get("FAULT_ROUNDS", "10"))))


def victims(own: Cluster) -> dict[str, int]:
    """The cluster's processes by name; the names are `node`, `zygote` and one for each pod."""
    return dict(own.refresh()["pids"])


def choose(random_source: random.Random, pids: dict[str, int]) -> str:
    """The node, the fork server, the cart's database and one pod in equal parts: what differs in kind."""
    named = {name.split("-")[0]: name for name in pids}
    kinds = [named.get(kind) for kind in ("node", "zygote", "redis")]
    return random_source.choice([name for name in kinds if name] + [random_source.choice(sorted(pids))])


def all_ready(own: Cluster) -> bool:
    table = own.try_kubectl("get", "pods", "--no-headers")
    rows = [line.split() for line in table.stdout.splitlines()]
    return table.returncode == 0 and len(rows) == 12 and all(row[1] == "1/1" and row[2] == "Running" for row in rows)


def wait_until_ready(own: Cluster) -> None:
    deadline = time.monotonic() + RECOVERY
    while not all_ready(own):
        assert time.monotonic() < deadline, own.kubectl("get", "pods,events", check=False)
        time.sleep(0.1)


def kill_during_writes(own: Cluster, random_source: random.Random, prefix: str) -> tuple[str, Writer]:
    pids = victims(own)
    victim = choose(random_source, pids)
    with Writer(own.home / "kubeconfig", prefix) as writer:
        time.sleep(random_source.uniform(0.0, 0.3))
        os.kill(pids[victim], signal.SIGKILL)
        time.sleep(random_source.uniform(0.0, 0.2))
    return victim, writer


@pytest.mark.timeout(90 * 60)
def test_random_kills_lose_nothing_that_was_accepted(lab: Cluster) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.randrange(2**32)))
    random_source = random.Random(seed)
    for number in rounds():
        victim, writer = kill_during_writes(lab, random_source, f"round-{number}")
        note = f"seed {seed}, round {number}, killed {victim}"
        if victim == "node":
            lab.up()
        wait_until_ready(lab)
        held = kept(lab.home / "kubeconfig")
        lost = {name for name, revision in writer.accepted.items() if held.get(name) != revision}
        assert not lost, f"{note}: accepted and lost: {sorted(lost)}"
        known = set(writer.accepted) | writer.doubtful
        invented = {name for name in held if name.startswith(f"round-{number}-")} - known
        assert not invented, f"{note}: never sent: {sorted(invented)}"
        page = lab.page("/", "--new-cart")
        assert page["status"] == 200, f"{note}: {page}"
        lab.kubectl("delete", "networkpolicy", "--all")


def test_nothing_is_left_after_down() -> None:
    with cluster("--empty", prefix="lab-left-") as own:
        started = set(own.refresh()["pids"].values())
        assert started
        own.down()
        deadline = time.monotonic() + 5
        while own.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not own.processes()
        assert not [path for path in own.home.rglob("*") if path.is_socket()]


def test_a_killed_node_takes_its_pods_along() -> None:
    with cluster(prefix="lab-orphans-") as own:
        os.kill(own.status["pids"]["node"], signal.SIGKILL)
        deadline = time.monotonic() + 5
        while own.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not own.processes()
