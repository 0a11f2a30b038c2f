"""The store: versions, generations, conflicts, events, history, and what the disk does to it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.localcluster.api import events
from helpers.localcluster.api.errors import ApiError, StoreError
from helpers.localcluster.api.storage import journal, store
from helpers.localcluster.api.storage.store import Event, Store

Object = dict[str, Any]


@pytest.fixture
def held() -> Store:
    return Store()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def on_disk(path: Path) -> Iterator[Store]:
    opened = Store.open(path)
    yield opened
    opened.close()


def config_map(name: str, **data: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        "data": data,
    }


def deployment(replicas: int = 1) -> Object:
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}}


def test_creating_fills_in_identity(held: Store) -> None:
    made = held.create("deployments.apps", deployment())["metadata"]
    assert (made["generation"], made["resourceVersion"]) == (1, str(held.revision))
    assert made["uid"] and made["creationTimestamp"].endswith("Z")


def test_a_generated_name_is_free(held: Store) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-", "namespace": "default"}}
    names = {held.create("pods", pod)["metadata"]["name"] for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


def test_the_same_name_twice_is_refused(held: Store) -> None:
    held.create("configmaps", config_map("a"))
    with pytest.raises(ApiError, match='configmaps "a" already exists'):
        held.create("configmaps", config_map("a"))


def test_a_write_that_changes_nothing_keeps_its_version(held: Store) -> None:
    made = held.create("configmaps", config_map("a", x="1"))
    assert held.update("configmaps", {**made}) is made
    assert held.update_status("configmaps", "default", "a", {}) is not made
    assert held.revision == int(made["metadata"]["resourceVersion"]) + 1


def test_generation_counts_changes_of_spec_alone(held: Store) -> None:
    made = held.create("deployments.apps", deployment())
    labelled = held.update("deployments.apps", {**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}})
    scaled = held.update("deployments.apps", {**labelled, "spec": {"replicas": 2}})
    reported = held.update_status("deployments.apps", "default", "web", {"replicas": 2})
    assert reported
    found = [item["metadata"]["generation"] for item in (made, labelled, scaled, reported)]
    assert found == [1, 1, 2, 2]


def test_an_old_version_is_a_conflict(held: Store) -> None:
    made = held.create("configmaps", config_map("a", x="1"))
    held.update("configmaps", {**made, "data": {"x": "2"}})
    with pytest.raises(ApiError) as refusal:
        held.update("configmaps", {**made, "data": {"x": "3"}})
    assert refusal.value.reason == "Conflict"


def test_another_object_of_the_same_name_is_a_conflict(held: Store) -> None:
    made = held.create("configmaps", config_map("a"))
    held.delete("configmaps", "default", "a")
    held.create("configmaps", config_map("a"))
    with pytest.raises(ApiError, match="deleted and created anew"):
        held.update("configmaps", made)
    assert held.delete("configmaps", "default", "a", uid=made["metadata"]["uid"]) is None


def test_a_dry_run_keeps_nothing(held: Store) -> None:
    before = held.revision
    held.create("configmaps", config_map("a"), dry_run=True)
    assert (held.revision, held.list("configmaps")) == (before, [])
    made = held.create("deployments.apps", deployment())
    tried = held.update("deployments.apps", deployment(5), dry_run=True)
    assert tried["metadata"]["generation"] == 2
    assert held.get("deployments.apps", "default", "web") is made


def test_writes_inside_a_callback_are_delivered_in_order(held: Store) -> None:
    """A controller that reacts at once must not make another subscriber see the effect before the cause."""
    seen: list[str] = []

    def react(event: Event) -> None:
        if event.object["metadata"]["name"] == "cause":
            held.create("configmaps", config_map("effect"))

    held.subscribe(react)
    held.subscribe(lambda event: seen.append(event.object["metadata"]["name"]))
    held.create("configmaps", config_map("cause"))
    assert seen == ["cause", "effect"]


def test_a_failing_subscriber_does_not_stop_the_others(held: Store, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError("boom")

    held.subscribe(fail)
    stop = held.subscribe(seen.append)
    held.create("configmaps", config_map("a"))
    stop()
    held.create("configmaps", config_map("b"))
    assert len(seen) == 1
    assert "boom" in caplog.text


def test_the_history_reaches_back_as_far_as_it_says(held: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    start = held.revision
    for number in range(store.HISTORY + 5):
        held.create("configmaps", config_map(f"c-{number}"))
    with pytest.raises(ApiError) as refusal:
        held.since(start)
    assert refusal.value.code == 410
    kept = [*held.since(held.oldest)]
    assert [event.revision for event in kept] == [*range(held.oldest + 1, held.revision + 1)]


# -- on disk --------------------------------------------------------------------


def test_the_history_is_bounded_by_bytes(held: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few large objects count as much as many small ones; the newest event is always known."""
    monkeypatch.setattr(store, "HISTORY_BYTES", 1_000_000)
    for number in range(100):
        held.create("configmaps", config_map(f"large-{number}", text="x" * 100_000))
    assert sum(len(event.object["data"]["text"]) for event in held.since(held.oldest)) <= 1_000_000
    assert len([*held.since(held.oldest)]) >= 8
    held.create("configmaps", config_map("huge", text="x" * 2_000_000))
    assert [event.object["metadata"]["name"] for event in held.since(held.revision - 1)] == ["huge"]
    with pytest.raises(ApiError, match="too old resource version"):
        held.since(held.oldest - 1)


def test_a_restart_gives_the_same_objects_and_no_old_history(path: Path) -> None:
    first = Store.open(path)
    made = first.create("configmaps", config_map("a", x="ü😀"))
    first.create("configmaps", config_map("b"))
    first.delete("configmaps", "default", "b")
    first.close()
    again = Store.open(path)
    assert again.list("configmaps") == [made]
    assert again.revision > first.revision
    with pytest.raises(ApiError):
        again.since(first.revision)
    again.close()


def test_durable_means_on_disk(path: Path, on_disk: Store, tmp_path: Path) -> None:
    """A copy of the files right after the acknowledgement, as a crash would leave them, holds the write."""

    async def write() -> None:
        for number in range(20):
            on_disk.create("configmaps", config_map(f"c-{number}"))
            await on_disk.durable()
            assert len(_read(path, tmp_path / f"copy-{number}")) == number + 1

    asyncio.run(write())


def _read(path: Path, copy: Path) -> list[Object]:
    copy.mkdir()
    for file in path.parent.glob("state.db*"):
        shutil.copy(file, copy)
    opened = Store.open(copy / "state.db")
    try:
        return opened.list("configmaps")
    finally:
        opened.close()


def test_many_writers_share_a_sync(on_disk: Store) -> None:
    async def writer(number: int) -> None:
        for turn in range(10):
            on_disk.create("configmaps", config_map(f"c-{number}-{turn}"))
            await on_disk.durable()

    async def write() -> float:
        begin = time.perf_counter()
        await asyncio.gather(*(writer(number) for number in range(20)))
        return time.perf_counter() - begin

    assert asyncio.run(write()) < 5


def test_the_file_is_the_owners_alone(on_disk: Store, path: Path) -> None:
    on_disk.create("configmaps", config_map("a"))
    for file in path.parent.glob("state.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_node_is_told_so(on_disk: Store, path: Path) -> None:
    with pytest.raises(StoreError, match="in use by another node"):
        Store.open(path)


def test_a_damaged_file_is_told_in_one_sentence(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="move it away"):
        Store.open(path)


def test_a_directory_in_its_place_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(path)


def test_a_full_disk_refuses_writes_until_there_is_room(
    path: Path, on_disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = journal.Journal._commit
    full = True

    def refuse(self: journal.Journal, rows: list[journal.Row], revision: int) -> None:
        if full:
            raise sqlite3.OperationalError("database or disk is full")
        commit(self, rows, revision)

    monkeypatch.setattr(journal.Journal, "_commit", refuse)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.02)

    async def write() -> None:
        nonlocal full
        on_disk.create("configmaps", config_map("a"))
        with pytest.raises(StoreError, match="disk is full"):
            await on_disk.durable()
        assert on_disk.problem
        full = False
        on_disk.create("configmaps", config_map("b"))
        while on_disk.problem:
            await asyncio.sleep(0.01)
        await on_disk.durable()

    asyncio.run(write())
    on_disk.close()
    again = Store.open(path)
    assert {item["metadata"]["name"] for item in again.list("configmaps")} == {"a", "b"}
    again.close()


def test_no_file_descriptor_stays_open(path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    Store.open(path).close()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        Store.open(path).close()
    assert len(os.listdir("/proc/self/fd")) == before


# -- events ---------------------------------------------------------------------


def test_the_same_note_again_is_counted(held: Store) -> None:
    pod = held.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}})
    for _ in range(3):
        events.record(held, pod, "Warning", "Failed", "no such image", "kubelet")
    events.record(held, pod, "Normal", "Started", "it runs", "kubelet")
    assert sorted(event["count"] for event in held.list("events")) == [1, 3]


def test_old_events_go(held: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEPT", 20)
    pod = held.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}})
    for number in range(50):
        events.record(held, pod, "Normal", "Note", f"number {number}", "test")
    assert len(held.list("events")) <= 20
