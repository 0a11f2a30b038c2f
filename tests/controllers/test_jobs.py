"""Jobs and CronJobs: when they start pods, and when they are over."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.controllers import World, running, settled

from helpers.localcluster.api import cron
from helpers.localcluster.api.kinds import CRON_JOBS, JOBS
from helpers.localcluster.api.kinds.jobs import finished, with_selector
from helpers.localcluster.api.storage.store import now
from helpers.localcluster.controllers import cronjobs, jobs

Object = dict[str, Any]
TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "task:1"}]}}


def make(world: World, **spec: Any) -> None:
    metadata = {"name": "task", "namespace": "default"}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": TEMPLATE, **spec}}
    world.store.create(JOBS.key, with_selector(JOBS.default(job)))


def end(world: World, phase: str, count: int = 1) -> None:
    """Let some of the pods that run end."""
    for pod in [pod for pod in world.pods() if pod["status"]["phase"] == "Running"][:count]:
        world.store.update_status("pods", "default", pod["metadata"]["name"], {**pod["status"], "phase": phase})


def job(world: World) -> Object:
    held = world.store.get(JOBS.key, "default", "task")
    assert held
    return held


def test_a_job_runs_until_enough_have_succeeded(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, completions=3, parallelism=2)
            await settled(world)
            assert (len(world.pods()), job(world)["status"]["active"]) == (2, 2)
            end(world, "Succeeded", 2)
            await settled(world)
            assert job(world)["status"]["active"] == 1
            end(world, "Succeeded")
            await settled(world)
            assert (finished(job(world)), job(world)["status"]["succeeded"]) == ("Complete", 3)
            assert len(world.pods()) == 3

    asyncio.run(scenario())


def test_a_pod_that_succeeded_counts_when_it_is_deleted(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, completions=2)
            await settled(world)
            for _ in range(2):
                end(world, "Succeeded")
                await settled(world)
                for pod in world.pods():
                    if pod["status"]["phase"] == "Succeeded":
                        world.store.delete("pods", "default", pod["metadata"]["name"])
                await settled(world)
            assert (finished(job(world)), job(world)["status"]["succeeded"]) == ("Complete", 2)

    asyncio.run(scenario())


def test_a_job_gives_up_after_too_many_failures(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FIRST_WAIT", 0.0)

    async def scenario() -> None:
        async with running(world):
            make(world, backoffLimit=2)
            for _ in range(3):
                await settled(world)
                end(world, "Failed")
            await settled(world)
            assert finished(job(world)) == "Failed" and len(world.pods()) == 3
            assert job(world)["status"]["conditions"][-1]["reason"] == "BackoffLimitExceeded"

    asyncio.run(scenario())


def test_a_failed_pod_has_no_successor_at_once(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world)
            await settled(world)
            end(world, "Failed")
            await settled(world)
            assert len(world.pods()) == 1 and not finished(job(world))

    asyncio.run(scenario())


def test_each_index_succeeds_once(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, completions=4, parallelism=2, completionMode="Indexed")
            for _ in range(4):
                await settled(world)
                end(world, "Succeeded")
            await settled(world)
            held = job(world)
            assert (finished(held), held["status"]["completedIndexes"]) == ("Complete", "0-3")
            indexes = sorted(pod["metadata"]["annotations"][jobs.INDEX] for pod in world.pods())
            assert indexes == ["0", "1", "2", "3"]

    asyncio.run(scenario())


def test_suspended_it_waits_and_without_time_it_fails(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, suspend=True, activeDeadlineSeconds=0)
            await settled(world)
            assert world.pods() == []
            held = job(world)
            world.store.update(JOBS.key, {**held, "spec": {**held["spec"], "suspend": False}})
            await settled(world)
            await asyncio.sleep(0.01)
            await settled(world)
            assert finished(job(world)) == "Failed" and not [pod for pod in world.pods() if not pod["status"]["phase"]]

    asyncio.run(scenario())


def test_a_finished_job_goes_when_its_time_is_over(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, ttlSecondsAfterFinished=0)
            await settled(world)
            end(world, "Succeeded")
            await settled(world)
            assert world.store.list(JOBS.key) == [] and world.pods() == []

    asyncio.run(scenario())


def test_a_huge_job_starts_no_more_than_it_may(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            make(world, completions=2_000_000_000, parallelism=3, completionMode="Indexed")
            await settled(world)
            assert len(world.pods()) == 3

    asyncio.run(scenario())


def cron_job(schedule: str = "* * * * *", minutes_ago: int = 1, **spec: Any) -> Object:
    made = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": TEMPLATE}}, **spec}
    metadata = {"name": "tick", "namespace": "default"}
    obj = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}
    return {**CRON_JOBS.default(obj), "status": {"lastScheduleTime": made}}


def test_what_is_due_is_started_once(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(CRON_JOBS.key, cron_job(minutes_ago=30))
            await settled(world)
            assert len(world.store.list(JOBS.key)) == 1
            held = world.store.get(CRON_JOBS.key, "default", "tick")
            assert held and len(held["status"]["active"]) == 1 and held["status"]["lastScheduleTime"] <= now()
            assert len(world.pods()) == 1

    asyncio.run(scenario())


def test_suspended_or_forbidden_nothing_starts(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(CRON_JOBS.key, cron_job(suspend=True))
            await settled(world)
            assert world.store.list(JOBS.key) == []

    asyncio.run(scenario())


def test_the_history_is_limited(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(CRON_JOBS.key, cron_job(successfulJobsHistoryLimit=0))
            await settled(world)
            end(world, "Succeeded")
            await settled(world)
            assert world.store.list(JOBS.key) == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("schedule", "then"),
    [
        ("* * * * *", "2026-01-31T23:59"),
        ("*/5 * * * *", "2026-02-01T00:00"),
        ("30 4 * * *", "2026-02-01T04:30"),
        ("0 0 1 jan *", "2027-01-01T00:00"),
        ("0 12 * * mon-fri", "2026-02-02T12:00"),
        ("0 0 13 * 5", "2026-02-06T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("15,45 6-8 * * 7", "2026-02-01T06:15"),
        ("@hourly", "2026-02-01T00:00"),
        ("0 0 30 2 *", None),
    ],
)
def test_schedules(schedule: str, then: str | None) -> None:
    found = cron.parse(schedule).next(datetime(2026, 1, 31, 23, 58, 30))
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == then


@pytest.mark.parametrize("text", ["", "* * * *", "* * * * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "x * * * *",
                                  "@never", "* * 0 * *", "* * * 13 *", "1-2-3 * * * *"])  # fmt: skip
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(cron.Malformed):
        cron.parse(text)


@given(st.text(alphabet="0123456789*/,-? @adhilnor", max_size=24))
def test_any_text_is_a_schedule_or_malformed(text: str) -> None:
    try:
        schedule = cron.parse(text)
    except cron.Malformed:
        return
    start = datetime(2026, 1, 31, 23, 58)
    found = schedule.next(start)
    assert found is None or found > start


def test_a_due_time_is_not_older_than_its_deadline() -> None:
    wanted = cron_job("0 0 1 1 *", startingDeadlineSeconds=10)
    assert cronjobs._due(wanted, datetime(2026, 6, 1, tzinfo=UTC)) is None
