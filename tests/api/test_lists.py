"""Lists: pages that show one moment, revisions, and the tables that kubectl prints."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpers.localcluster.api import humanize
from helpers.localcluster.api.kinds import RESOURCES
from helpers.localcluster.api.podstatus import pod_cells

from .conftest import Cluster

Object = dict[str, Any]
MAPS = "/api/v1/namespaces/default/configmaps"


def fill(cluster: Cluster, count: int) -> None:
    for number in range(count):
        assert cluster.request("POST", MAPS, {"metadata": {"name": f"c-{number:02}"}})[0] == 201


def test_pages_show_one_moment(cluster: Cluster) -> None:
    fill(cluster, 5)
    _, first = cluster.request("GET", f"{MAPS}?limit=2")
    assert first["metadata"]["remainingItemCount"] == 3
    cluster.request("DELETE", f"{MAPS}/c-03")
    cluster.request("POST", MAPS, {"metadata": {"name": "c-99"}})
    names, page = [item["metadata"]["name"] for item in first["items"]], first
    while "continue" in page["metadata"]:
        _, page = cluster.request("GET", f"{MAPS}?limit=2&continue={page['metadata']['continue']}")
        names += [item["metadata"]["name"] for item in page["items"]]
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert names == [f"c-{number:02}" for number in range(5)]


def test_a_page_that_is_not_kept_is_gone(cluster: Cluster) -> None:
    status, answer = cluster.request("GET", f"{MAPS}?limit=2&continue=nosuch")
    assert (status, answer["reason"]) == (410, "Expired")


def test_lists_are_sorted_and_carry_their_revision(cluster: Cluster) -> None:
    for name in "cab":
        cluster.request("POST", MAPS, {"metadata": {"name": name}})
    _, answer = cluster.request("GET", "/api/v1/configmaps")
    assert [item["metadata"]["name"] for item in answer["items"]] == ["a", "b", "c"]
    assert (answer["kind"], answer["metadata"]["resourceVersion"]) == ("ConfigMapList", str(cluster.store.revision))


def test_revisions_that_cannot_be_had(cluster: Cluster) -> None:
    assert cluster.request("GET", f"{MAPS}?resourceVersion=999999999")[0] == 504
    assert cluster.request("GET", f"{MAPS}?resourceVersion=1&resourceVersionMatch=Exact")[0] == 410
    assert cluster.request("GET", f"{MAPS}?resourceVersion=1&resourceVersionMatch=NotOlderThan")[0] == 200


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (10860, "3h1m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (51 * 3600, "2d3h"),
        (8 * 86400, "8d"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert humanize.duration(seconds) == text


def test_ages() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert humanize.age("2026-01-30T23:59:00Z", now) == "60s"
    assert humanize.age("2027-01-30T23:59:00Z", now) == "0s"
    assert (humanize.age(None), humanize.age("soon")) == ("<unknown>", "<invalid>")


RUNNING: Object = {"running": {}}


def pod(phase: str = "Running", *states: Object, deleted: bool = False, init: list[Object] | None = None) -> Object:
    statuses = [
        {"name": str(n), "ready": "running" in state, "restartCount": 0, "state": state}
        for n, state in enumerate(states)
    ]
    metadata = {"name": "p", **({"deletionTimestamp": "x"} if deleted else {})}
    spec: Object = {"containers": [{}] * max(1, len(states)), "initContainers": [{}] * len(init or ())}
    status: Object = {"phase": phase, "containerStatuses": statuses}
    status["initContainerStatuses"] = [{"name": "i", "state": state} for state in init or ()]
    return {"metadata": metadata, "spec": spec, "status": status}


def waiting(reason: str) -> Object:
    return {"waiting": {"reason": reason}}


def ended(**fields: Any) -> Object:
    return {"terminated": {"exitCode": 0, **fields}}


@pytest.mark.parametrize(
    ("held", "ready", "state"),
    [
        (pod("Pending"), "0/1", "Pending"),
        (pod("Running", RUNNING), "1/1", "Running"),
        (pod("Running", RUNNING, RUNNING), "2/2", "Running"),
        (pod("Pending", waiting("ErrImagePull")), "0/1", "ErrImagePull"),
        (pod("Running", RUNNING, waiting("CrashLoopBackOff")), "1/2", "CrashLoopBackOff"),
        (pod("Succeeded", ended(reason="Completed")), "0/1", "Completed"),
        (pod("Running", ended(reason="Completed"), RUNNING), "1/2", "NotReady"),
        (pod("Failed", ended(exitCode=3)), "0/1", "ExitCode:3"),
        (pod("Failed", ended(signal=9)), "0/1", "Signal:9"),
        (pod("Running", RUNNING, deleted=True), "1/1", "Terminating"),
        (pod("Succeeded", ended(reason="Completed"), deleted=True), "0/1", "Completed"),
        (pod("Pending", init=[waiting("PodInitializing")]), "0/1", "Init:0/1"),
        (pod("Pending", init=[ended(), waiting("ErrImagePull")]), "0/1", "Init:ErrImagePull"),
        (pod("Running", RUNNING, init=[ended()]), "1/1", "Running"),
    ],
)
def test_pods_in_three_words(held: Object, ready: str, state: str) -> None:
    assert pod_cells(held) == (ready, state, "0")


def test_restarts_say_how_long_ago() -> None:
    held = pod("Running", RUNNING)
    last = (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    held["status"]["containerStatuses"][0] |= {"restartCount": 2, "lastState": ended(finishedAt=last)}
    assert pod_cells(held)[2] in ("2 (30s ago)", "2 (31s ago)")


def cells(key: str, **fields: Any) -> list[Any]:
    shown = RESOURCES[key].columns
    found = shown.cells({"metadata": {"name": "x"}, **fields})
    assert len(found) == len(shown.columns)
    return found


def test_services() -> None:
    ports = [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]
    spec = {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "ports": ports, "selector": {"app": "web"}}
    assert cells("services", spec=spec)[1:5] == ["LoadBalancer", "10.96.0.9", "<pending>", "80:30080/TCP,53/UDP"]
    status = {"loadBalancer": {"ingress": [{"ip": "198.51.100.1"}]}}
    assert cells("services", spec=spec, status=status)[3] == "198.51.100.1"
    name = {"type": "ExternalName", "externalName": "example.com"}
    assert cells("services", spec=name)[1:5] == ["ExternalName", "<none>", "example.com", "<none>"]


def test_endpoint_slices() -> None:
    endpoints = [{"addresses": [f"10.0.0.{number}"]} for number in range(5)]
    fields = {"addressType": "IPv4", "ports": [{"port": 80}], "endpoints": endpoints}
    assert cells("endpointslices.discovery.k8s.io", **fields)[2:4] == ["80", "10.0.0.0,10.0.0.1,10.0.0.2 + 2 more..."]
    assert cells("endpointslices.discovery.k8s.io")[2:4] == ["<unset>", "<unset>"]


def test_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "UTC")
    time.tzset()
    outside = {"kind": "External", "namespace": None, "name": None, "address": "198.51.100.1"}
    inside = {"kind": "Pod", "namespace": "default", "name": "web", "address": "10.244.0.2", "service": None}
    fields = {"source": outside, "target": inside, "port": 80, "protocol": "TCP", "verdict": "denied", "policies": []}
    row = cells("flows.lab.hipster-shop.dev", time="2026-01-31T08:00:00.123Z", **fields)
    assert row[1:8] == ["08:00:00", "198.51.100.1", "default/web", "80/TCP", "denied", "<none>", "<none>"]


def test_every_kind_has_columns_that_begin_as_kubectl_expects() -> None:
    for resource in RESOURCES.values():
        assert [item.name for item in resource.columns.columns].count("Name") == 1
