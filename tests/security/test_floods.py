"""Another user of the machine opens connections by the thousand, and the owner doesn't notice."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.flood import strangers
from support.recovery import page, pids, until
from support.writer import Api

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
MANY = 1200
LARGEST = 120.0  # MB


def ports(own: Cluster) -> list[int]:
    node = json.loads((own.home / "node.json").read_text())
    shop = re.search(r":(\d+)/", own.status["shop_url"])
    assert shop
    return [node["api_port"], node["gateway_port"], int(shop.group(1))]


def memory(own: Cluster) -> float:
    """The node's, at its largest so far, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pids(own)['node']}/status").read_text(), re.MULTILINE)
    assert found
    return int(found.group(1)) / 1024


def files(own: Cluster) -> int:
    return len(os.listdir(f"/proc/{pids(own)['node']}/fd"))


def test_idle_strangers_at_every_port(lab: Cluster, api: Api) -> None:
    """The shop, new calls among pods and the API go on; the node stays small, and keeps none of them."""
    for _ in range(5):  # the shop's services keep their connections to each other
        page(lab)
    before = files(lab)
    with strangers(ports(lab), MANY) as seen:
        for _ in range(10):
            assert page(lab)[0] == 200
            assert api.items("/api/v1/namespaces")
        done = lab.try_kubectl("exec", "keeper", "--", "/agnhost", "connect", "emailservice:5000", "--timeout=5s")
        assert done.returncode == 0, done.stderr
        assert memory(lab) < LARGEST
    assert sum(seen["opened"]) >= 3 * MANY > sum(seen["standing"]), "most were cut"
    until(lambda: files(lab) <= before + 20, 15, lambda: f"{before} files before, {files(lab)} now")
    assert "Traceback" not in (lab.home / "node.log").read_text()
