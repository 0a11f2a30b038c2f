"""Any kubeconfig context: the same calls, through port-forward, and with respect for what was there before.

The cluster behind it is the local one under another context's name, so the lab knows nothing of it but the API.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from support.cluster import KUBECTL, Cluster, cluster

from helpers import display, lab
from helpers.display.door import passing
from helpers.display.door.passing import Asked
from helpers.lab.cluster import chosen, outside, probing, session
from helpers.lab.errors import LabError
from helpers.lab.shop import entrance, proxy
from helpers.lab.shop.ways import Closed, Ways

FIRST = "policies/ingress/01-shipping-allow-checkout.yaml"
FOREIGN = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: somebody-elses}
spec: {podSelector: {matchLabels: {app: nobody}}}
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as found:
        found.kubectl("apply", "-f", "-", stdin=FOREIGN)
        found.kubectl("create", "namespace", "somebody")
        yield found


@pytest.fixture(autouse=True)
def elsewhere(own: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A home of the learner's own, whose kubeconfig knows the cluster as `far`."""
    text = (own.home / "kubeconfig").read_text()
    config = tmp_path / "config"
    config.write_text(
        text.replace("name: hipster-lab\n", "name: far\n")
        .replace("cluster: hipster-lab\n", "cluster: far\n")
        .replace("current-context: hipster-lab", "current-context: none")
    )
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.setenv("LAB_CONTEXT", "far")
    for name in ("PATH", "KUBECACHEDIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    session.use(None)
    yield
    entrance.close()
    session.use(None)


def test_a_context_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LAB_CONTEXT")
    lab.start(context="far")
    assert "the cluster 'far'" in capsys.readouterr().out
    with pytest.raises(LabError, match="Did you mean 'far'"):
        lab.start(context="fare")


@pytest.mark.parametrize("kept", [True, False])
def test_a_jupyterlab_that_is_pinned_to_the_lab_finds_the_learners_own_contexts(
    kept: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    if kept:
        monkeypatch.setenv("LAB_KUBECONFIG", str(config))
    else:
        (tmp_path / ".kube").mkdir()
        config.rename(tmp_path / ".kube" / "config")
        monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LAB_CONTEXT")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "home" / "kubeconfig"))
    lab.start(context="far")
    assert "the cluster 'far'" in capsys.readouterr().out


def test_the_walk_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    lab.start()
    assert "the cluster 'far'" in capsys.readouterr().out and not lab.current().local
    done = subprocess.run([str(KUBECTL), "config", "current-context"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "far", "!kubectl goes to the same cluster"
    assert lab.page("/cart", new_cart=True).ok
    lab.apply(FIRST)
    lab.restart("frontend")
    failed = lab.page("/cart")
    assert failed.status == 500 and "shipping quote" in failed.error
    assert lab.probe("frontend", "shippingservice:50051", timeout=1).answer == "dropped"
    assert "blocked are frontend → shippingservice" in display.graph().sentence
    lab.reset(restart="frontend")
    assert lab.page("/cart").ok


def test_what_was_there_before_the_course_stays() -> None:
    lab.start()
    lab.apply(FIRST)
    lab.reset()
    assert [policy.name for policy in lab.world().policies] == ["somebody-elses"]
    assert "somebody" in [item["metadata"]["name"] for item in lab.current().list("namespaces")]
    session.use(None)
    lab.start()
    lab.delete_policies()
    assert [policy.name for policy in lab.world().policies] == ["somebody-elses"]


def test_what_an_interrupted_notebook_left_goes_with_the_reset() -> None:
    lab.start()
    cluster = lab.current()
    for name, course in (("lab-enforcement-1", "default"), ("lab-enforcement-2", "somebody-elses-course")):
        body = {"metadata": {"name": name, "labels": {"hipster-lab/course": course}}}
        cluster.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", **body})
    for name in ("newcomer", "mine"):
        image = ["--image=registry.k8s.io/e2e-test-images/agnhost:2.53", "--", "/agnhost", "pause"]
        subprocess.run([str(KUBECTL), "create", "deployment", name, *image], check=True, capture_output=True)
        subprocess.run([str(KUBECTL), "expose", "deployment", name, "--port=80"], check=True, capture_output=True)
    for name in ("helper", "my-own"):
        subprocess.run([str(KUBECTL), "run", name, *image], check=True, capture_output=True)
    lab.reset()
    left = [item["metadata"]["name"] for item in cluster.list("namespaces")]
    assert "lab-enforcement-2" in left and "lab-enforcement-1" not in left
    there = {item["metadata"]["name"] for item in cluster.list("deployments", "default")}
    assert "mine" in there and "newcomer" not in there
    services = {item["metadata"]["name"] for item in cluster.list("services", "default")}
    assert "mine" in services and "newcomer" not in services
    staying = [item["metadata"] for item in cluster.list("pods", "default")]
    names = {pod["name"] for pod in staying if not pod.get("deletionTimestamp")}
    assert "my-own" in names and "helper" not in names
    for resource, name in (("deployments", "mine"), ("services", "mine"), ("pods", "my-own")):
        cluster.delete(resource, name)
    cluster.delete("namespaces", "lab-enforcement-2")


def test_a_refusal_says_who_refused(own: Cluster) -> None:
    lab.start()
    subprocess.run(
        [str(KUBECTL), "create", "service", "clusterip", "empty", "--tcp=80"], check=True, capture_output=True
    )
    assert "no pod that is Ready" in repr(lab.probe("frontend", "empty:80", timeout=1))
    assert "nothing listens there" in repr(lab.probe("frontend", f"{address_of('cartservice')}:81", timeout=1))
    lab.current().delete("services", "empty")


def address_of(workload: str) -> str:
    return str(probing.pod_of(lab.current(), workload)["status"]["podIP"])


def test_a_port_forward_that_broke_is_replaced() -> None:
    lab.start()
    assert lab.page("/").ok
    kept = entrance._forward
    assert kept is not None
    first = kept.current
    assert first is not None
    first.close()
    assert lab.page("/").ok and entrance._forward is kept and kept.current is not first


def test_no_port_forward_outlives_who_made_it() -> None:
    program = (
        "import os, signal; from helpers.lab.shop import entrance; from helpers import lab; lab.page('/');"
        "print(entrance._forward.port, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    port = int(done.stdout)
    deadline = time.monotonic() + 10
    while listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_the_panel_goes_through_jupyter_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lab.start()
    monkeypatch.setattr(proxy, "jupyter_url", lambda: "/user/ada/")
    html = display.shop("/cart")._repr_html_()
    assert '"address": "/user/ada/shop/"' in html and "policies for traffic from outside don't apply" in unescape(html)


def test_the_way_from_jupyter_follows_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chosen.SERVER, str(os.getpid()))
    ways = Ways(os.getpid())
    home = Asked("GET", "/", (("host", "shop"),), b"", "./")
    try:
        lab.start()
        assert passing.fetch(ways.current(), home).status == 200
        way = ways.current()
        lab.restart("frontend")
        assert passing.fetch(way, home).status == 200, "another pod is found"
        subprocess.run([str(KUBECTL), "scale", "deployment/frontend", "--replicas=3"], check=True, capture_output=True)
        lab.deploy()
        for _ in range(3):
            subprocess.run([str(KUBECTL), "delete", "pod", "-l", "app=frontend", "--wait=false"], capture_output=True)
            lab.deploy()
            assert passing.fetch(ways.current(), home).status == 200
        assert ways.current() is way
        lab.start(namespace="somebody")
        with pytest.raises(Closed, match="Is it deployed"):
            passing.fetch(ways.current(), home)
        chosen.note(None, "default")
        with pytest.raises(Closed, match="run the first cell"):
            passing.fetch(ways.current(), home)
    finally:
        ways.close()
        lab.start()
        lab.reset()


OPEN = """
apiVersion: v1
kind: Service
metadata: {name: shown}
spec: {type: NodePort, selector: {app: frontend}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: hidden}
spec: {selector: {app: frontend}, ports: [{port: 80, targetPort: 8080}]}
"""
NOBODY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody}
spec: {podSelector: {matchLabels: {app: frontend}}, policyTypes: [Ingress]}
"""


def test_the_outside_is_tried_where_its_policies_apply(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.start()
    lab.apply(OPEN)
    monkeypatch.setattr(outside, "_ADDRESSES", ("Loopback",))
    node = lab.current().list("nodes")[0]
    node["status"]["addresses"].append({"type": "Loopback", "address": "127.0.0.1"})
    listed = lab.current().list
    monkeypatch.setattr(
        lab.current(), "list", lambda what, *of, **by: [node] if what == "nodes" else listed(what, *of, **by)
    )
    try:
        assert lab.probe("outside", "shown").answer == "connected" == lab.probe("outside", "shown:80").answer
        lab.apply(NOBODY)
        assert lab.page("/").ok, "a port-forward goes past policies"
        found = lab.probe("outside", "shown", timeout=1)
        assert found.answer == "dropped" and found.seconds < 2
        with pytest.raises(LabError, match="takes one of type NodePort"):
            lab.probe("outside", "hidden")
        with pytest.raises(LabError, match="has no port 81"):
            lab.probe("outside", "shown:81")
    finally:
        lab.reset()


def test_enforcement_is_proven_there_too() -> None:
    lab.start()
    assert lab.prove_enforcement()


def test_the_command_line_goes_there_too(own: Cluster) -> None:
    done = subprocess.run([*_helpers(), "page", "/"], capture_output=True, text=True)
    assert done.returncode == 0 and "200 OK" in done.stdout, done.stderr
    done = subprocess.run([*_helpers(), "graph", "-o", "dot"], capture_output=True, text=True)
    assert done.returncode == 0 and "frontend" in done.stdout


def _helpers() -> list[str]:
    return [sys.executable, "-m", "helpers"]


def test_a_context_that_does_not_exist() -> None:
    with pytest.raises(LabError, match="Did you mean 'far'"):
        lab.start("fa")


def test_another_namespace_of_the_same_cluster(own: Cluster) -> None:
    lab.start(namespace="somebody")
    assert lab.current().namespace == "somebody"
    with pytest.raises(LabError, match="namespace somebody"):
        lab.restart("frontend")


def test_a_cluster_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(Path(os.environ["KUBECONFIG"]).read_text().replace("127.0.0.1:", "127.0.0.2:"))
    with pytest.raises(LabError, match="kubectl --context far get nodes"):
        lab.start()
