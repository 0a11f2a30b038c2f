"""The clock is set back, and forward, under a running cluster; the machine sleeps.

Only the machine's owner can set a clock, so the node's process gets one of its own: a `sitecustomize` module on its
PYTHONPATH shifts what Python's `time` and `datetime` say there. Not shifted are the clocks of pods (gRPC's own, in C,
would disagree with Python's), of kubectl, and OpenSSL's, which looks at certificates; what the node does about those
is in `test_certificates_of_another_time`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.recovery import page, pids, recovered, until
from support.writer import POLICIES, Api, bystander

from helpers.localcluster.node import certificates as pki

HOUR, DAY = 3600, 86400
SHIFTED = """
import datetime, pathlib, sys, time
_offset = pathlib.Path(__file__).with_name("offset")
_time_ns, _datetime = time.time_ns, datetime.datetime

class Shifted(_datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

if "helpers.localcluster.node" in sys.orig_argv:
    time.time_ns = lambda: _time_ns() + int(_offset.read_text()) * 10**9
    time.time = lambda: time.time_ns() / 10**9
    datetime.datetime = Shifted
"""


class Clock:
    """The node's own clock."""

    def __init__(self, directory: Path) -> None:
        self._offset = directory / "offset"
        (directory / "sitecustomize.py").write_text(SHIFTED)
        self.set(0)

    def set(self, seconds: int) -> None:
        """So far from the machine's, from now on."""
        draft = self._offset.with_name("draft")
        draft.write_text(str(seconds))
        draft.replace(self._offset)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Cluster, Clock]]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))
    clock = Clock(tmp_path)
    home = Path(tempfile.mkdtemp(prefix="lab-clock-"))
    own = Cluster(home)
    try:
        own.up()
        yield own, clock
    finally:
        own.run("down")
        shutil.rmtree(home, ignore_errors=True)


class Watch(threading.Thread):
    """Follows the policies from now on; `seen` are their names, `versions` what the stream said."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._address = f"{api.server}{POLICIES}?watch=true&timeoutSeconds=60"
        self._api = api
        self.seen: list[str] = []
        self.versions: list[int] = []

    def run(self) -> None:
        request = urllib.request.Request(self._address, headers={"Authorization": f"Bearer {self._api.token}"})
        with urllib.request.urlopen(request, timeout=60, context=self._api.tls) as stream:
            for line in stream:
                metadata = json.loads(line)["object"]["metadata"]
                self.seen.append(metadata["name"])
                self.versions.append(int(metadata["resourceVersion"]))
                if metadata["name"] == "last":
                    return


def patient(api: Api, replicas: int) -> None:
    """A Deployment whose pods count only after they have been Ready for a second."""
    path = "/apis/apps/v1/namespaces/default/deployments/emailservice"
    api.merge(path, {"spec": {"minReadySeconds": 1, "replicas": replicas}})


def assert_alive(own: Cluster, api: Api, watch: Watch, label: str) -> None:
    """Writes, watches, pods, pages: nothing waits for the clock to come round again."""
    name = api.request("POST", POLICIES, bystander(label, 1))["metadata"]["name"]
    until(lambda: name in watch.seen, 5)
    api.request("DELETE", "/api/v1/namespaces/default/pods?labelSelector=app%20in%20(adservice,frontend)")
    recovered(own)
    status, text = page(own)
    assert status == 200, text[text.find("cause") :]
    assert "Traceback" not in (own.home / "node.log").read_text()


def test_a_clock_that_jumps(lab: tuple[Cluster, Clock]) -> None:
    own, clock = lab
    api = Api(own.home / "kubeconfig")
    patient(api, 1)
    recovered(own)
    watch = Watch(api)
    watch.start()
    for label, offset in (("back", -DAY), ("forward", 2 * DAY), ("right", 0)):
        clock.set(offset)
        made = api.request("POST", POLICIES, bystander(f"{label}-stamp", 1))["metadata"]["creationTimestamp"]
        assert made.startswith(time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + offset))), "the clock is shifted"
        patient(api, 2)  # the old pod has been Ready since a time that is still to come
        assert_alive(own, api, watch, label)
    clock.set(-DAY)
    os.kill(pids(own)["node"], signal.SIGKILL)
    own.up()
    api = Api(own.home / "kubeconfig")
    recovered(own)
    assert {"back", "forward", "right"} <= {item["metadata"]["name"] for item in api.items(POLICIES)}
    watch.join(10)
    assert watch.versions == sorted(watch.versions), "versions come from a counter, not from the clock"


def test_the_machine_sleeps_for_an_hour(lab: tuple[Cluster, Clock]) -> None:
    """Every process stands still, and when they go on the clock says an hour later: nothing is lost or restarted."""
    own, clock = lab
    api = Api(own.home / "kubeconfig")
    recovered(own)
    watch = Watch(api)
    watch.start()
    before = pids(own)
    processes = sorted(own.processes())
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    clock.set(HOUR)
    time.sleep(4)  # longer than a probe may take
    for pid in processes:
        os.kill(pid, signal.SIGCONT)
    assert page(own)[0] == 200
    name = api.request("POST", POLICIES, bystander("awake", 1))["metadata"]["name"]
    until(lambda: name in watch.seen, 5)
    recovered(own)
    assert pids(own) == before, "no process was ended for its silence"
    api.request("POST", POLICIES, bystander("last", 1))
    watch.join(10)
    assert "Traceback" not in (own.home / "node.log").read_text()


def test_certificates_of_another_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that begins after now, or is about to end, is made anew."""
    made = pki.ensure(tmp_path)
    now = time.time()
    for offset in (-DAY * 20, DAY * 300):
        monkeypatch.setattr(time, "time", lambda at=now + offset: at)
        assert pki.ensure(tmp_path).authority == made.authority
    for offset in (-DAY * 40, DAY * 400):
        monkeypatch.setattr(time, "time", lambda at=now + offset: at)
        assert pki.ensure(tmp_path).authority != made.authority
