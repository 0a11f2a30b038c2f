"""The log of attempts: what is counted together, what is forgotten, what followers hear."""

from datetime import UTC, datetime, timedelta
from typing import Any

from helpers.localcluster.dataplane.flowlog import FlowLog

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def end(name: str, service: str | None = None) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "namespace": "default",
        "name": name,
        "address": "10.244.0.1",
        "labels": {},
        "service": service,
    }


def attempt(log: FlowLog, seconds: float = 0.0, source: str = "one", verdict: str = "denied", **more: Any) -> None:
    log.record(
        source=end(source),
        target=end("two", "default/two"),
        port=80,
        protocol="TCP",
        verdict=verdict,
        reason="because",
        now=START + timedelta(seconds=seconds),
        **more,
    )


def counted(log: FlowLog) -> list[tuple[str, int]]:
    return [(flow["verdict"], flow["attempts"]) for flow in log.list()]


def test_quick_retries_are_one_flow_that_counts() -> None:
    log = FlowLog()
    for seconds in (0, 0.4, 0.8, 1.6):
        attempt(log, seconds)
    assert counted(log) == [("denied", 4)]
    flow = log.list()[0]
    assert (flow["time"], flow["metadata"]["creationTimestamp"]) == ("2026-11-22T12:00:01.600Z", "2026-11-22T12:00:00Z")


def test_what_differs_or_comes_later_is_another_flow() -> None:
    log = FlowLog()
    attempt(log)
    attempt(log, 0.1, verdict="allowed")
    attempt(log, 0.2, source="three")
    attempt(log, 0.3, policies=("default/deny",))
    attempt(log, 5)
    assert counted(log) == [("denied", 1), ("allowed", 1), ("denied", 1), ("denied", 1), ("denied", 1)]


def test_a_stream_of_retries_is_cut_into_flows() -> None:
    log = FlowLog()
    for tenth in range(250):
        attempt(log, tenth / 10)
    assert [count for _, count in counted(log)] == [100, 100, 50]


def test_a_clock_that_is_set_back_starts_another_flow() -> None:
    log = FlowLog()
    attempt(log, 0)
    attempt(log, -3600)
    assert counted(log) == [("denied", 1), ("denied", 1)]


def test_the_log_is_bounded_and_followers_can_rebuild_it() -> None:
    log = FlowLog(capacity=10)
    seen: dict[str, dict[str, Any]] = {}
    revisions = []

    def follow(kind: str, flow: dict[str, Any]) -> None:
        name = flow["metadata"]["name"]
        revisions.append(int(flow["metadata"]["resourceVersion"]))
        if kind == "DELETED":
            del seen[name]
        else:
            assert (kind == "ADDED") == (name not in seen)
            seen[name] = flow

    stop = log.subscribe(follow)
    for number in range(300):
        attempt(log, number / 3, source=f"pod-{number % 7}")
    assert len(log.list()) == 10
    assert [*seen.values()] == log.list()
    assert revisions == sorted(set(revisions)) and revisions[-1] == log.revision
    stop()
    stop()
    heard = len(revisions)
    attempt(log, 999)
    assert len(revisions) == heard


def test_a_later_log_has_later_revisions() -> None:
    first = FlowLog()
    attempt(first)
    second = FlowLog()
    assert second.revision >= first.revision - 1000
