"""The lab's calls against a real local cluster: the seed's walk, starting points, probes, the command line."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support.cluster import KUBECTL
from support.course import shop as shop_objects

from helpers import display, lab
from helpers.lab.cluster import kubectl, session
from helpers.lab.errors import ClusterError, LabError, NotFound, ShopError
from helpers.lab.shop import pages as shop
from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.reading.texts import read

FIRST, SECOND = "policies/ingress/01-shipping-allow-checkout.yaml", "policies/ingress/02-shipping-allow-frontend.yaml"


pytestmark = pytest.mark.usefixtures("kernel")


def test_start_says_one_line_and_again_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    lab.start()
    lab.start()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and all("12 of 12 Deployments are ready" in line for line in lines)


def test_kubectl_is_in_place() -> None:
    done = subprocess.run(["kubectl", "get", "pods", "-o", "name"], capture_output=True, text=True, check=True)
    assert len(done.stdout.split()) == 12


def test_the_first_policies_from_end_to_end() -> None:
    lab.reset()
    assert lab.page("/cart", new_cart=True).ok
    assert lab.page("/cart", {"product_id": "OLJCESPC7Z", "quantity": 2}).ok
    lab.apply(FIRST)
    assert lab.page("/cart").ok, "the standing connection keeps the page alive"
    lab.restart("frontend")
    failed = lab.page("/cart")
    assert failed.status == 500 and "shipping quote" in failed.error and 2.5 < failed.seconds < 5
    denied = lab.flows("frontend", "shippingservice", verdict="denied")
    assert denied[-1]["policies"] == ["default/shipping-allow-checkout"]
    assert not display.explain("frontend", "shippingservice", 50051)
    assert (
        display.matrix().cells["default/frontend[Deployment]", "default/shippingservice[Deployment]"].state == "blocked"
    )
    assert "blocked are frontend → shippingservice" in display.graph().sentence
    lab.apply(SECOND)
    assert lab.page("/cart").ok
    assert lab.probe("checkoutservice", "shippingservice:50051").answer == "connected"
    assert lab.probe("adservice", "shippingservice:50051").answer == "dropped"


def test_a_starting_point_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    lab.apply(SECOND)
    subprocess.run([str(KUBECTL), "create", "namespace", "stranger"], check=True, capture_output=True)
    capsys.readouterr()
    lab.reset(FIRST)
    assert "policies: 01-shipping-allow-checkout" in capsys.readouterr().out
    assert [policy.name for policy in lab.world().policies] == ["shipping-allow-checkout"]
    lab.reset()
    assert not lab.world().policies
    left = {
        item["metadata"]["name"]
        for item in lab.current().list("namespaces")
        if not item["metadata"].get("deletionTimestamp")
    }
    assert left == {"default", "kube-system", "kube-public", "kube-node-lease"}


def test_a_whole_folder_and_single_names() -> None:
    lab.reset()
    lab.apply("policies/ingress")
    assert len(lab.world().policies) == 18 and display.matrix().exact
    lab.delete_policies("ad-allow-frontend")
    assert len(lab.world().policies) == 17
    with pytest.raises(LabError, match="Did you mean 'redis-cart-allow-cart'"):
        lab.delete_policies("redis-cart-allow-carts")
    lab.delete_policies()
    assert not lab.world().policies


TWO_NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: talk}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: talk, namespace: talk}
data:
  SHIPPING_ADDR: shippingservice.default:50051
  app.conf: "# currencyservice.default:7000\\nads = adservice.default:9555"
---
apiVersion: v1
kind: Service
metadata: {name: gossip, namespace: talk}
spec:
  clusterIP: None
  selector: {app: gossip}
  ports: [{name: join, port: 7946, targetPort: join}, {name: beat, port: 7947, protocol: UDP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gossip, namespace: talk}
spec:
  replicas: 2
  selector: {matchLabels: {app: gossip}}
  template:
    metadata: {labels: {app: gossip}, annotations: {prometheus.io/port: "7946"}}
    spec:
      volumes: [{name: conf, configMap: {name: talk, items: [{key: app.conf, path: app.conf}]}}]
      containers:
      - name: main
        image: registry.k8s.io/e2e-test-images/agnhost:2.53
        args: [netexec, --http-port=7946]
        ports: [{name: join, containerPort: 7946}]
        env: [{name: JOIN, value: "$(GOSSIP_SERVICE_HOST):7946"}, {name: BEAT, value: "udp://gossip:7947"}]
        envFrom: [{configMapRef: {name: talk}}]
"""


def test_needs_read_live_are_those_of_the_same_files_and_suggestions_for_two_namespaces_are_applied() -> None:
    lab.reset()
    lab.apply(TWO_NAMESPACES)
    files = World.of([*shop_objects(), *read(TWO_NAMESPACES, "two.yaml").objects])
    declared = {(arrow, tuple(sorted((one.field, one.object) for one in arrow.evidence))) for arrow in needs(files)}
    seen = {(arrow, tuple(sorted((one.field, one.object) for one in arrow.evidence))) for arrow in lab.architecture()}
    assert seen == declared and len(seen) == 17 + 4
    found = lab.suggest()
    assert found.proof.exact and {item["metadata"]["namespace"] for item in found.policies} == {"default", "talk"}
    lab.apply(found)
    lab.apply(list(found.policies))
    assert {policy.key for policy in lab.world().policies} == {
        f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in found.policies
    }
    lab.reset()
    assert not lab.world().policies and "talk" not in lab.world().namespaces


def test_policies_that_were_suggested_are_applied_as_they_are() -> None:
    lab.reset()
    found = lab.suggest(style="workload")
    lab.apply(found)
    lab.apply(list(found.policies))
    assert {policy.name for policy in lab.world().policies} == {item["metadata"]["name"] for item in found.policies}
    assert display.compare(found).same
    with pytest.raises(LabError, match=r"There is no Deployment 'nobody'.* It has: adservice"):
        lab.reset(restart="nobody")
    assert lab.world().policies, "nothing was changed"
    lab.reset(restart="deployment/adservice")


def test_the_shop_goes_and_comes(capsys: pytest.CaptureFixture[str]) -> None:
    lab.reset(shop=False)
    assert lab.architecture() == () and "lab.deploy()" in repr(display.graph())
    with pytest.raises(LabError, match="There is no pod at all"):
        lab.probe("frontend", "adservice:9555")
    assert lab.page("/").status == 503
    lab.deploy()
    assert "12 of 12 pods Ready" in capsys.readouterr().err
    assert lab.page("/").ok and len(lab.architecture()) == 17
    lab.deploy()


@pytest.mark.parametrize(
    ("source", "target", "answer"),
    [
        ("checkoutservice", "emailservice:5000", "connected"),
        ("frontend", "emailservice:8080", "refused"),
        ("frontend", "mailservice:80", "unresolved"),
        ("kube-system/coredns", "frontend.default:80", "connected"),
    ],
)
def test_probes(source: str, target: str, answer: str) -> None:
    found = lab.probe(source, target)
    assert found.answer == answer and bool(found) is (answer == "connected")
    assert target in repr(found) and f'data-answer="{answer}"' in found._repr_html_()


NOBODY_CALLS: Any = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "silence"},
    "spec": {"podSelector": {"matchLabels": {"app": "frontend"}}, "policyTypes": ["Egress"]},
}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("shipping:50051", "there is no Service 'shipping' in default. Did you mean 'shippingservice'?"),
        ("redis-kart.default.svc:6379", "there is no Service 'redis-kart' in default. Did you mean 'redis-cart'?"),
        ("example.invalid:80", "does the pod reach the cluster's DNS?"),
    ],
)
def test_a_name_that_nobody_has(target: str, said: str) -> None:
    assert lab.probe("frontend", target).sentence.endswith(said)


def test_what_refuses_is_told() -> None:
    kubectl.run(["create", "service", "clusterip", "nobody", "--tcp=80"])
    try:
        outside = "refused: nothing listens on port 81 of 203.0.113.10, an address outside of the cluster"
        assert lab.probe("frontend", "203.0.113.10:81").sentence.endswith(outside)
        assert lab.probe("frontend", "203.0.113.10:443").answer == "connected"
        no_port = "refused: the Service emailservice has no port 8080; it has 5000"
        assert lab.probe("frontend", "emailservice:8080").sentence.endswith(no_port)
        nobody = "refused: the Service has no pod that is Ready, so no pod was reached"
        assert lab.probe("frontend", "nobody:80").sentence.endswith(nobody)
    finally:
        kubectl.run(["delete", "service", "nobody"])


def test_a_name_that_the_pod_may_not_look_up() -> None:
    lab.apply([NOBODY_CALLS])
    try:
        assert lab.probe("frontend", "adservice:9555").sentence.endswith("does the pod reach the cluster's DNS?")
    finally:
        lab.delete_policies("silence")


def test_a_probe_leaves_labels_and_containers_as_they_are() -> None:
    before, after = (lab.current().list("pods", "default", labels="app=adservice")[0] for _ in range(2))
    lab.probe("adservice", "redis-cart:6379")
    assert before["metadata"]["labels"] == after["metadata"]["labels"]
    assert before["spec"]["containers"] == after["spec"]["containers"]


def test_many_probes_at_once() -> None:
    pairs = [(source, "productcatalogservice:3550") for source in ("frontend", "adservice", "frontend")]
    assert [(found.source, found.answer) for found in lab.probes([*pairs, ("adservice", "redis-cart:1")])] == [
        ("frontend", "connected"),
        ("adservice", "connected"),
        ("adservice", "refused"),
    ]


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("frontnd", "a:1", "Did you mean 'frontend'"),
        ("frontend", "shippingservice", "is no target"),
        ("frontend", "a:99999", "is no target"),
        ("nobody", "x", "No pod of 'nobody'"),
        ("nowhere/frontend", "a:1", "namespace nowhere"),
    ],
)
def test_probes_that_cannot_be_made(source: str, target: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        lab.probe(source, target)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: lab.suggest(style="x"), "There is no style 'x': choose 'arrow'"),
        (lambda: lab.suggest(observed=True, since="yesterday"), "since='yesterday' is no moment"),  # type: ignore[arg-type]
        (lambda: display.workbench(template="x"), "There is no template 'x'. The templates are: deny-ingress, "),
        (lambda: display.workbench(target="nobody"), "There is no workload 'nobody'. There is: adservice, "),
        (lambda: display.workbench(other="frontnd"), "There is no workload 'frontnd'. Did you mean 'frontend'?"),
        (lambda: display.workbench("a: ["), "Line 1: "),
    ],
)
def test_a_choice_that_there_is_not(asked: Callable[[], object], said: str) -> None:
    with pytest.raises(LabError, match=re.escape(said)):
        asked()


def test_choices_that_there_are() -> None:
    assert display.workbench(template="allow-one", target="adservice", other="kube-system/coredns")


def test_nobody_among_the_flows() -> None:
    lab.probe("frontend", "adservice:9555")
    count = len(lab.flows())
    assert repr(lab.flows("nix", verdict="denied")) == f"No denied connection from 'nix' among {count} logged."
    assert repr(lab.flows(target="nix")) == f"No connection to 'nix' among {count} logged."


def test_enforcement_is_proven_and_leaves_nothing() -> None:
    assert lab.prove_enforcement()
    names = [
        item["metadata"]["name"]
        for item in lab.current().list("namespaces")
        if not item["metadata"].get("deletionTimestamp")
    ]
    assert not any(name.startswith("lab-enforcement") for name in names)


def test_a_deployment_that_is_not_there() -> None:
    with pytest.raises(LabError, match="Did you mean 'frontend'"):
        lab.restart("frontned")


def test_what_the_api_server_rejects_is_said_in_its_words() -> None:
    with pytest.raises(LabError, match=r"spec\.ingress\[0\]\.ports\[0\]\.port: Invalid value: 70000"):
        lab.apply(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n"
            "spec: {podSelector: {}, ingress: [{ports: [{port: 70000}]}]}\n"
        )


def test_both_transports_see_the_same() -> None:
    from helpers.lab.cluster.api import Cluster as Api
    from helpers.lab.cluster.transport import ClientTransport

    context = lab.current().context
    slow = Api(context, local=True, transport=ClientTransport(context))
    assert slow.version() == lab.current().version()
    assert [item["metadata"]["uid"] for item in slow.list("deployments", "default")] == [
        item["metadata"]["uid"] for item in lab.current().list("deployments", "default")
    ]
    with pytest.raises(NotFound, match="nothing"):
        slow.get("pods", "nothing", "default")
    slow.patch("deployments", "frontend", {"metadata": {"annotations": {"lab": "x"}}})
    slow.close()


def test_the_official_client_is_one_call_away() -> None:
    from kubernetes import client

    with lab.client() as api:
        assert client.CoreV1Api(api).read_namespaced_service("frontend", "default").spec.type == "ClusterIP"


def test_the_kubectl_magic(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from helpers.lab.course import magic

    shell = InteractiveShell.instance()
    magic.load(shell)
    lab.reset()
    body = (lab.current().context.files[0].parent / "missing").name  # any text that is no YAML object
    shell.run_cell_magic("kubectl", "create -f -", _policy("from-a-cell"))
    assert "networkpolicy.networking.k8s.io/from-a-cell created" in capsys.readouterr().out
    with pytest.raises(LabError, match="apply -f -"):
        shell.run_cell_magic("kubectl", "create -f -", _policy("from-a-cell"))
    shell.run_cell_magic("kubectl", "--expect-error create -f -", _policy("from-a-cell"))
    assert "AlreadyExists" in capsys.readouterr().err
    shell.run_cell_magic("kubectl", "create -f -", "# Your policy goes here.\n")
    assert "Nothing to do yet" in capsys.readouterr().out
    with pytest.raises(LabError):
        shell.run_cell_magic("kubectl", "create -f -", body)
    shell.run_line_magic("kubectl", "get networkpolicy -o name")
    assert "from-a-cell" in capsys.readouterr().out
    InteractiveShell.clear_instance()
    lab.reset()


def _policy(name: str) -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}}}\n"
        "spec: {podSelector: {matchLabels: {app: adservice}}}\n"
    )


def test_without_a_cluster_the_next_step_is_named(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", f"{tmp_path}/none")
    kept = lab.current()
    session.use(None)
    for call in (lab.world, lab.flows, display.graph):
        with pytest.raises(ClusterError, match=r"lab\.start\(\)"):
            call()
    with pytest.raises(ShopError, match="python -m helpers up"):
        shop.page("/")
    session.use(kept)
