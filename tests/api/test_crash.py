"""kill -9 at any moment: what was acknowledged is there afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.localcluster.api.storage.store import Store

WRITER = """
import asyncio, sys
from helpers.localcluster.api.storage.store import Store

async def client(store, number):
    for turn in range(1_000_000):
        metadata = {"name": f"c-{number}-{turn}", "namespace": "default"}
        store.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        await store.durable()
        print(metadata["name"], flush=True)

async def main():
    store = Store.open(sys.argv[1])
    print("ready", flush=True)
    await asyncio.gather(*(client(store, f"{sys.argv[2]}-{number}") for number in range(5)))

asyncio.run(main())
"""


def rounds(path: Path, count: int) -> None:
    acknowledged: set[str] = set()
    chance = random.Random(4)
    for turn in range(count):
        command = [sys.executable, "-c", WRITER, str(path), str(turn)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout and process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
            lines = process.stdout.read()
        acknowledged |= set(lines.split("\n")[:-1])  # the last one may be cut
        store = Store.open(path)
        found = {item["metadata"]["name"] for item in store.list("configmaps")}
        store.close()
        assert acknowledged <= found
    assert len(acknowledged) > count


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rounds(tmp_path / "state.db", 10)


@pytest.mark.long
def test_nothing_acknowledged_is_lost_in_many_rounds(tmp_path: Path) -> None:
    rounds(tmp_path / "state.db", 200)
