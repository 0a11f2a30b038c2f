"""Watches over HTTP: the first batch, bookmarks, selections, tables, and revisions that are too old."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Cluster

Object = dict[str, Any]
MAPS = "/api/v1/namespaces/default/configmaps"
LIST = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Watch:
    """An open watch; `next` gives its next event."""

    def __init__(self, cluster: Cluster, path: str, accept: str) -> None:
        self.connection = http.client.HTTPSConnection("127.0.0.1", cluster.port, context=cluster.tls(), timeout=10)
        headers = {"Authorization": f"Bearer {cluster.credentials.token}", "Accept": accept}
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> Object:
        line = self.answer.readline()
        return json.loads(line) if line else {}

    def seen(self) -> tuple[str, str]:
        event = self.next()
        return event["type"], event["object"]["metadata"]["name"]


@contextlib.contextmanager
def watching(cluster: Cluster, query: str, path: str = MAPS, accept: str = "application/json") -> Iterator[Watch]:
    watch = Watch(cluster, f"{path}?watch=true&{query}", accept)
    try:
        yield watch
    finally:
        watch.connection.close()


def put(cluster: Cluster, name: str, labels: Object | None = None, **data: str) -> int:
    body = {"metadata": {"name": name, "labels": labels or {}}, "data": data}
    status, answer = cluster.request("POST", MAPS, body)
    if status == 409:
        status, answer = cluster.request("PUT", f"{MAPS}/{name}", body)
    assert status in (200, 201)
    return int(answer["metadata"]["resourceVersion"])


def test_a_streamed_list_ends_with_a_bookmark(cluster: Cluster) -> None:
    put(cluster, "a")
    with watching(cluster, LIST) as watch:
        assert watch.seen() == ("ADDED", "a")
        mark = watch.next()
        assert mark["type"] == "BOOKMARK"
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert int(mark["object"]["metadata"]["resourceVersion"]) == cluster.store.revision
        put(cluster, "b")
        assert watch.seen() == ("ADDED", "b")


@pytest.mark.parametrize("query", ["", "resourceVersion=0", "resourceVersion="])
def test_without_a_revision_the_present_comes_first(cluster: Cluster, query: str) -> None:
    put(cluster, "a")
    with watching(cluster, query) as watch:
        assert watch.seen() == ("ADDED", "a")


@pytest.mark.parametrize("spelling", ["true", "1", "True", "t"])
def test_go_s_booleans_are_understood(cluster: Cluster, spelling: str) -> None:
    put(cluster, "a")
    watch = Watch(cluster, f"{MAPS}?watch={spelling}", "application/json")
    assert watch.seen() == ("ADDED", "a")
    watch.connection.close()


def test_from_a_revision_on(cluster: Cluster) -> None:
    put(cluster, "a")
    revision = put(cluster, "b")
    put(cluster, "a", x="1")
    cluster.request("DELETE", f"{MAPS}/b")
    with watching(cluster, f"resourceVersion={revision}") as watch:
        assert watch.seen() == ("MODIFIED", "a")
        assert watch.seen() == ("DELETED", "b")


def test_a_selection_is_entered_and_left(cluster: Cluster) -> None:
    with watching(cluster, "labelSelector=tier%3Dfront") as watch:
        put(cluster, "a")
        put(cluster, "a", {"tier": "front"})
        put(cluster, "a", {"tier": "front"}, x="1")
        last = put(cluster, "a", {"tier": "back"})
        put(cluster, "b", {"tier": "front"})
        assert [watch.seen() for _ in range(2)] == [("ADDED", "a"), ("MODIFIED", "a")]
        gone = watch.next()
        assert (gone["type"], gone["object"]["metadata"]["labels"]) == ("DELETED", {"tier": "front"})
        assert gone["object"]["metadata"]["resourceVersion"] == str(last)
        assert watch.seen() == ("ADDED", "b")


def test_one_object_alone(cluster: Cluster) -> None:
    put(cluster, "a")
    put(cluster, "b")
    with watching(cluster, "fieldSelector=metadata.name%3Db") as watch:
        assert watch.seen() == ("ADDED", "b")
    with watching(cluster, "", f"{MAPS}/b") as watch:
        assert watch.seen() == ("ADDED", "b")


def test_tables_say_their_columns_once(cluster: Cluster) -> None:
    put(cluster, "a")
    with watching(cluster, LIST, accept=TABLE) as watch:
        first, mark = watch.next()["object"], watch.next()["object"]
        put(cluster, "b")
        second = watch.next()["object"]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert first["rows"][0]["cells"][:2] == ["a", 0]
    assert mark["rows"][0]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert second["columnDefinitions"] is None
    assert second["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_bookmarks_come_when_asked_for(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.localcluster.api.storage.watch.BOOKMARK_SECONDS", 0.05)
    revision = put(cluster, "a")
    with watching(cluster, f"resourceVersion={revision}&allowWatchBookmarks=true") as watch:
        assert watch.next()["type"] == "BOOKMARK"


def test_a_watch_ends_after_its_time(cluster: Cluster) -> None:
    with watching(cluster, f"timeoutSeconds=1&resourceVersion={put(cluster, 'a')}") as watch:
        assert watch.next() == {}
        assert watch.answer.isclosed()


def test_after_a_restart_an_old_revision_is_gone(cluster: Cluster) -> None:
    revision = put(cluster, "a")
    cluster.restart()
    for query in (f"resourceVersion={revision}", f"resourceVersion={revision + 10**9}"):
        with watching(cluster, query) as watch:
            assert watch.answer.status == 410
            assert watch.next()["reason"] == "Expired"
    with watching(cluster, f"resourceVersion={cluster.store.revision}") as watch:
        put(cluster, "b")
        assert watch.seen() == ("ADDED", "b")


@pytest.mark.parametrize(
    "query", ["resourceVersion=x", "resourceVersion=-1", "sendInitialEvents=true", "labelSelector=(("]
)
def test_queries_that_make_no_sense_are_refused(cluster: Cluster, query: str) -> None:
    with watching(cluster, query) as watch:
        assert (watch.answer.status, watch.next()["reason"]) == (400, "BadRequest")


def test_a_large_beginning_is_sent_at_the_client_s_pace(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be larger than what a client that doesn't read is allowed to leave behind."""
    monkeypatch.setattr("helpers.localcluster.api.http.connection.BACKLOG_BYTES", 700_000)
    for number in range(20):
        put(cluster, f"large-{number:02}", text="x" * 200_000)
    with watching(cluster, LIST) as watch:
        time.sleep(0.2)
        put(cluster, "meanwhile")
        names = [watch.seen()[1] for _ in range(20)]
        assert names == [f"large-{number:02}" for number in range(20)]
        assert watch.next()["type"] == "BOOKMARK"
        assert watch.seen() == ("ADDED", "meanwhile")


def test_flows_are_watched_like_objects(cluster: Cluster) -> None:
    cluster.call(cluster.node.flow_log.add)
    with watching(cluster, LIST, "/apis/lab.hipster-shop.dev/v1/flows") as watch:
        assert watch.seen() == ("ADDED", "flow-000001")
        assert watch.next()["type"] == "BOOKMARK"
        cluster.call(cluster.node.flow_log.add, "allowed")
        event = watch.next()
    assert (event["type"], event["object"]["verdict"]) == ("ADDED", "allowed")
    with watching(cluster, "resourceVersion=1", "/apis/lab.hipster-shop.dev/v1/flows") as watch:
        assert watch.next()["object"]["metadata"]["name"] == "flow-000002"
    with watching(cluster, "resourceVersion=99", "/apis/lab.hipster-shop.dev/v1/flows") as watch:
        assert watch.answer.status == 410
    status, flow = cluster.request("GET", "/apis/lab.hipster-shop.dev/v1/flows/flow-000002")
    assert (status, flow["kind"]) == (200, "Flow")
    assert cluster.request("GET", "/apis/lab.hipster-shop.dev/v1/flows/nosuch")[0] == 404
    assert cluster.request("POST", "/apis/lab.hipster-shop.dev/v1/flows", {})[0] == 405
