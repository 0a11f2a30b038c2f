"""Logs: what is kept, and what `kubectl logs` gets of it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.pods import Bench, until, with_bench

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.kubelet.streams import logs
from helpers.localcluster.kubelet.streams.logs import LogFile, Reader


def _read(path: Path, tail: int | None = None, **options: Any) -> str:
    given: dict[str, Any] = {"timestamps": False, "since": None, "limit": None, **options}

    async def collect() -> bytes:
        return b"".join([text async for text in logs.read(path, Reader(**given), tail=tail, follow=None)])

    return asyncio.run(collect()).decode()


@pytest.fixture
def log(tmp_path: Path) -> LogFile:
    return LogFile(tmp_path / "0.log")


def test_lines_come_back_as_they_were(log: LogFile) -> None:
    for piece in (b"one\ntw", b"o\n\nth", b"ree"):
        log.write(piece)
    assert _read(log.path) == "one\ntwo\n\n"
    log.close()
    assert _read(log.path) == "one\ntwo\n\nthree"


@pytest.mark.parametrize("length", [logs.LONGEST_LINE - 1, logs.LONGEST_LINE, logs.LONGEST_LINE + 1, 100_000])
def test_long_lines_come_back_whole(log: LogFile, length: int) -> None:
    line = "x" * length
    log.write(line.encode() + b"\nnext\n")
    for start in range(0, length, 1000):
        log.write(line[start : start + 1000].encode())
    log.write(b"\n")
    log.close()
    assert _read(log.path) == f"{line}\nnext\n{line}\n"
    assert _read(log.path, tail=1) == f"{line}\n"
    assert len(re.findall(r"\d\d:\d\d\.\d{9}Z ", _read(log.path, timestamps=True))) == 3


def test_tail(log: LogFile) -> None:
    log.write(b"".join(b"%d\n" % number for number in range(10)))
    log.close()
    assert _read(log.path, tail=3) == "7\n8\n9\n"
    assert _read(log.path, tail=0) == ""
    assert _read(log.path, tail=99).count("\n") == 10


def test_since_and_limit(log: LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in (10, 20, 30):
        monkeypatch.setattr(logs, "timestamp", lambda second=second: b"2026-01-01T00:00:%d.000000000Z" % second)
        log.write(b"at %d\n" % second)
    log.close()
    assert _read(log.path, since=datetime(2026, 1, 1, 0, 0, 20, tzinfo=UTC)) == "at 20\nat 30\n"
    assert _read(log.path, since=datetime.now(UTC) + timedelta(days=9999)) == ""
    assert _read(log.path, limit=8) == "at 10\nat"
    assert _read(log.path, tail=1, timestamps=True) == "2026-01-01T00:00:30.000000000Z at 30\n"


def test_two_files_hold_the_newest_lines(log: LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LIMIT", 10_000)
    for number in range(2000):
        log.write(b"line %d\n" % number)
    log.close()
    assert {path.name for path in log.path.parent.iterdir()} == {"0.log", "0.log.1"}
    assert sum(path.stat().st_size for path in log.path.parent.iterdir()) < 20_100
    lines = _read(log.path).splitlines()
    assert lines == [f"line {number}" for number in range(2000 - len(lines), 2000)]
    assert len(lines) > 200


def test_a_full_disk_loses_lines_and_nothing_else(log: LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    log.write(b"before\n")
    with monkeypatch.context() as patch:
        patch.setattr(logs.os, "write", full)
        log.write(b"lost\n")
    log.write(b"after\n")
    log.close()
    assert _read(log.path) == "before\nafter\n"


def test_following_ends_with_the_log_and_survives_rotation(log: LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LIMIT", 3000)

    async def scenario() -> None:
        reader = Reader(timestamps=False, since=None, limit=None)
        log.write(b"first\n")
        pieces: list[bytes] = []

        async def follow() -> None:
            async for text in logs.read(log.path, reader, tail=None, follow=log):
                pieces.append(text)

        task = asyncio.create_task(follow())
        for number in range(500):
            await asyncio.sleep(0)
            log.write(b"%d\n" % number)
        log.write(b"last")
        log.close()
        await asyncio.wait_for(task, 5)
        assert b"".join(pieces).decode().splitlines() == ["first", *map(str, range(500)), "last"]

    asyncio.run(scenario())


@with_bench
async def test_a_container_s_log_is_followed_to_its_end(b: Bench) -> None:
    b.create("count", command=["sh", "-c", "echo 1; sleep 0.1; echo 2; sleep 0.1; printf 3"], restartPolicy="Never")
    await until(lambda: b.state("count") in ("running", "Completed"))
    assert await asyncio.wait_for(b.logs("count", follow=True), 5) == "1\n2\n3"


@with_bench
async def test_a_follower_that_vanishes_leaves_no_trace(b: Bench) -> None:
    b.create("chatty", command=["sh", "-c", "while :; do echo x; sleep 0.001; done"])
    await until(lambda: b.ready("chatty"))
    run = b.kubelet._workers[b.pod("chatty")["metadata"]["uid"]].containers["main"].run_now
    assert run
    follower = asyncio.create_task(b.logs("chatty", follow=True))
    await until(lambda: run.log._changed)
    follower.cancel()
    await until(lambda: not run.log._changed)


@with_bench
async def test_only_the_last_two_runs_are_kept(b: Bench) -> None:
    b.create("crash", command=["sh", "-c", "echo run; exit 1"])
    await until(lambda: b.container("crash").get("restartCount") == 2)
    directory = b.kubelet.logs_of(b.pod("crash")) / "main"
    await until(lambda: {path.name for path in directory.iterdir()} == {"1.log", "2.log"})


@with_bench
async def test_logs_that_are_not_there_yet(b: Bench) -> None:
    b.create("bad", image="caddy")
    await until(lambda: b.state("bad") == "ErrImagePull")
    with pytest.raises(ApiError, match='container "main" in pod "bad" is waiting to start: ErrImagePull'):
        await b.logs("bad")
    b.create("web")
    await until(lambda: b.ready("web"))
    with pytest.raises(ApiError, match='previous terminated container "main" in pod "web" not found'):
        await b.logs("web", previous=True)


@with_bench
async def test_a_flood_of_output_stays_bounded(b: Bench) -> None:
    b.create("flood", command=["sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 30000000; sleep 99"])
    await until(lambda: b.ready("flood"))
    directory = b.kubelet.logs_of(b.pod("flood")) / "main"
    await until(lambda: (directory / "0.log.1").exists(), 30)
    await asyncio.sleep(0.2)
    assert sum(path.stat().st_size for path in directory.iterdir()) < 2 * logs.LIMIT + 500_000


@with_bench
async def test_a_container_s_name_is_no_path(b: Bench) -> None:
    b.create("web")
    await until(lambda: b.ready("web"))
    for name in ("../../state.db", "..", "/etc", "", "other"):
        with pytest.raises(ApiError, match="is not valid for pod web"):
            await b.logs("web", name)
