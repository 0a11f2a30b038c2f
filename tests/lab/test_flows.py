"""Flow logs of network plug-ins, read through the cluster: Calico's Whisker, spoken by a stand-in pod of its name."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from support.cluster import Cluster, cluster
from support.scripted import cluster as scripted

from helpers import display, lab
from helpers.lab import flowlogs
from helpers.lab.cluster import kubeconfig, session
from helpers.lab.cluster.api import Cluster as Connected
from helpers.lab.errors import LabError
from helpers.lab.flowlogs import whisker

HASH = "pod-template-hash=7d9f5b"


def record(
    source: str, target: str, port: int, action: str, reporter: str, *policies: dict[str, Any]
) -> dict[str, Any]:
    """A record as Whisker has it: one end's word on the connections of a quarter of a minute."""
    ends = {}
    for side, name in (("source", source), ("dest", target)):
        outside = name.isupper()
        labels = f"app={name} | {HASH} | projectcalico.org/namespace=default"
        ends |= {f"{side}_name": name if outside else f"{name}-7d9f5b-*", f"{side}_labels": "" if outside else labels,
                 f"{side}_namespace": "Global" if outside else "default"}  # fmt: skip
    times = {"start_time": "2026-11-25T10:00:00Z", "end_time": "2026-11-25T10:00:15Z"}
    counts = {name: 5 for name in ("packets_in", "packets_out", "bytes_in", "bytes_out")}
    trace = {"enforced": list(policies), "pending": []}
    return {**times, **ends, "action": action, "protocol": "tcp", "dest_port": port, "reporter": reporter,
            "policies": trace, **counts}  # fmt: skip


def hit(name: str, action: str, kind: str = "NetworkPolicy", trigger: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"kind": kind, "name": name, "namespace": "default", "tier": "default", "action": action, "policy_index": 0,
            "rule_index": 0, "trigger": trigger}  # fmt: skip


ALLOWS = hit("knp.default.shipping-allow-checkout", "Allow")
DENIES = hit("", "Deny", "EndOfTier", hit("knp.default.shipping-allow-checkout", "Pass"))
ITEMS = [
    record("checkoutservice", "shippingservice", 50051, "Allow", "Src"),
    record("checkoutservice", "shippingservice", 50051, "Allow", "Dst", ALLOWS),
    record("frontend", "shippingservice", 50051, "Allow", "Src"),
    record("frontend", "shippingservice", 50051, "Deny", "Dst", DENIES),
    record("PUBLIC NETWORK", "frontend", 8080, "Allow", "Dst"),
]
SERVER = """
apiVersion: v1
kind: Namespace
metadata: {name: calico-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: flows, namespace: calico-system}
data: {flows: '%s'}
---
apiVersion: v1
kind: Pod
metadata: {name: whisker, namespace: calico-system, labels: {k8s-app: whisker}}
spec:
  containers:
    - name: whisker
      image: nginx
      volumeMounts: [{name: flows, mountPath: /usr/share/nginx/html}]
  volumes:
    - name: flows
      configMap: {name: flows, items: [{key: flows, path: whisker-backend/flows}]}
---
apiVersion: v1
kind: Service
metadata: {name: whisker, namespace: calico-system}
spec: {selector: {k8s-app: whisker}, ports: [{port: 8081, targetPort: 80}]}
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as found:
        body = json.dumps({"total": {"totalPages": 1, "totalResults": len(ITEMS)}, "items": ITEMS})
        found.kubectl("apply", "-f", "-", stdin=SERVER % body)
        found.kubectl("wait", "--for=condition=Ready", "pod/whisker", "-n", "calico-system", "--timeout=60s")
        yield found


@pytest.fixture
def far(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    """The cluster without the lab's own log."""
    connected = Connected(kubeconfig.load([own.home / "kubeconfig"]))
    monkeypatch.setattr(flowlogs, "_KINDS", (whisker.find,))
    session.use(connected)
    yield connected
    flowlogs.log_of(connected).close()
    session.use(None)


def test_calicos_log_is_read_by_port_forward(far: Connected, own: Cluster) -> None:
    found = lab.flows()
    assert [(flow["source"]["name"], flow["verdict"], flow["policies"]) for flow in found] == [
        ("checkoutservice-7d9f5b", "allowed", ["default/shipping-allow-checkout"]),
        ("frontend-7d9f5b", "denied", ["default/shipping-allow-checkout"]),
        (None, "allowed", []),
    ]
    assert [flow["source"]["name"] for flow in lab.flows("frontend", "shippingservice")] == ["frontend-7d9f5b"]
    arrows = lab.suggest(declared=False, observed=True).arrows
    assert [(arrow.source, arrow.target, arrow.port) for arrow in arrows] == [
        ("default/checkoutservice[Deployment]", "default/shippingservice[Deployment]", 50051)
    ]
    own.kubectl("delete", "pod", "whisker", "-n", "calico-system")
    with pytest.raises(LabError, match="calico-system"):
        lab.flows()


def test_without_a_log_cells_say_so_and_go_on(monkeypatch: pytest.MonkeyPatch, own: Cluster) -> None:
    monkeypatch.setattr(flowlogs, "_KINDS", (whisker.find,))
    own.kubectl("delete", "service", "whisker", "-n", "calico-system")
    session.use(Connected(kubeconfig.load([own.home / "kubeconfig"])))
    try:
        log = display.flow_log()
        for shown in (lab.flows(), display.flows(), log):
            assert "keeps no flow log" in repr(shown)
        assert "keeps no flow log" in display.flows()._repr_html_()
        log.stop()
        assert "keeps no flow log" in lab.suggest(declared=False, observed=True).notes[0]
        assert lab.suggest(observed=True).policies, "what is declared is still suggested"
    finally:
        session.use(None)


class Odd(BaseHTTPRequestHandler):
    """Something else that answers at Whisker's port."""

    body: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


class Forwarded:
    """A port-forward to it."""

    port = 0

    def __init__(self, *_: object) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'"x"'])
def test_what_is_no_list_of_flows(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisker, "Forward", Forwarded)
    monkeypatch.setattr(Odd, "body", body)
    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        monkeypatch.setattr(Forwarded, "port", server.server_port)
        answering = threading.Thread(target=server.handle_request, daemon=True)
        answering.start()
        with pytest.raises(LabError, match=r"no list of flows\. Look at: kubectl get pods -n calico-system"):
            whisker.WhiskerLog(scripted({})).read()
        answering.join()
