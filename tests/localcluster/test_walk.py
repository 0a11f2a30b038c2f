"""The seed's walk on a running cluster and the cases around it, with kubectl and the command line."""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import Cluster, cluster

from helpers.localcluster.node.deploy import MANIFEST, manifest

CHECKOUT = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shipping-allow-checkout}
spec:
  podSelector: {matchLabels: {app: shippingservice}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: checkoutservice}}}]
    ports: [{port: 50051}]
"""
FRONTEND = CHECKOUT.replace("shipping-allow-checkout", "shipping-allow-frontend").replace("checkoutservice", "frontend")
SHIPPING = "shippingservice:50051"


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    with cluster(prefix="lab-walk-") as own:
        yield own


@pytest.fixture(autouse=True)
def no_policies(lab: Cluster) -> Iterator[None]:
    yield
    lab.kubectl("delete", "networkpolicy", "--all")


def pod(lab: Cluster, app: str) -> str:
    return lab.kubectl(
        "get",
        "pods",
        "-l",
        f"app={app}",
        "--field-selector",
        "status.phase=Running",
        "-o",
        "jsonpath={.items[0].metadata.name}",
    )


def connect(lab: Cluster, app: str, target: str, *more: str) -> str:
    """What `agnhost connect` says from inside a pod's network; "" when it connected."""
    done = lab.try_kubectl("exec", pod(lab, app), "--", "/agnhost", "connect", target, "--timeout=300ms", *more)
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.returncode else ""


def flows(lab: Cluster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lab.kubectl("get", "flows", "-o", "json"))["items"]
    return found


def restart(lab: Cluster, deployment: str) -> None:
    lab.kubectl("rollout", "restart", f"deployment/{deployment}")
    lab.kubectl("rollout", "status", f"deployment/{deployment}", "--timeout=30s")


def test_applying_the_shop_again_changes_nothing(lab: Cluster) -> None:
    said = lab.kubectl("apply", "-f", str(MANIFEST)).splitlines()
    assert len(said) == len(manifest()) and all(line.endswith(" unchanged") for line in said), said


def test_the_walk(lab: Cluster) -> None:
    assert lab.page("/cart")["status"] == 200
    assert lab.kubectl("create", "-f", "-", stdin=CHECKOUT) == (
        "networkpolicy.networking.k8s.io/shipping-allow-checkout created\n"
    )
    assert lab.page("/cart")["status"] == 200, "the connection that stands is left alone"
    restart(lab, "frontend")
    broken = lab.page("/cart")
    assert broken["status"] == 500 and 3 <= broken["seconds"] < 4
    assert "failed to get shipping quote" in broken["error"] and "i/o timeout" in broken["error"]
    denied = [f for f in flows(lab) if f["verdict"] == "denied"]
    assert {f["target"]["service"] for f in denied} == {"default/shippingservice"}
    assert {tuple(f["policies"]) for f in denied} == {("default/shipping-allow-checkout",)}
    lab.kubectl("create", "-f", "-", stdin=FRONTEND)
    mended = time.monotonic()
    while lab.page("/cart")["status"] != 200:
        assert time.monotonic() - mended < 2
    assert connect(lab, "emailservice", SHIPPING) == "TIMEOUT", "a third pod is still refused"
    assert connect(lab, "checkoutservice", SHIPPING) == ""


def test_a_connection_to_a_deleted_pod_is_cut_and_the_next_one_judged(lab: Cluster) -> None:
    assert lab.page("/cart")["status"] == 200
    lab.kubectl("apply", "-f", "-", stdin=CHECKOUT)
    lab.kubectl("delete", "pod", "-l", "app=shippingservice")
    lab.kubectl("rollout", "status", "deployment/shippingservice", "--timeout=30s")
    assert lab.page("/cart")["status"] == 500


def test_a_policy_counts_for_the_next_connection_and_no_longer_when_deleted(lab: Cluster) -> None:
    for _ in range(3):
        assert connect(lab, "adservice", SHIPPING) == ""
        lab.kubectl("apply", "-f", "-", stdin=CHECKOUT)
        assert connect(lab, "adservice", SHIPPING) == "TIMEOUT"
        lab.kubectl("delete", "-f", "-", stdin=CHECKOUT)


def test_service_names_addresses_and_what_is_refused(lab: Cluster) -> None:
    address = lab.kubectl("get", "service", "emailservice", "-o", "jsonpath={.spec.clusterIP}")
    for target in (
        "emailservice:5000",
        "emailservice.default:5000",
        "emailservice.default.svc.cluster.local:5000",
        f"{address}:5000",
    ):
        assert connect(lab, "frontend", target) == "", target
    for target in ("kubernetes:443", "10.96.0.1:443", "kube-dns.kube-system:53", "10.96.0.10:53"):
        assert connect(lab, "frontend", target) == "", target
    assert "Address: 10.96.0.1\n" in lab.kubectl("exec", "deploy/frontend", "--", "nslookup", "kubernetes.default")
    assert connect(lab, "frontend", "emailservice:8080") == "REFUSED", "8080 is the pod's port, not the Service's"
    assert connect(lab, "frontend", "nosuch:80").startswith("DNS")


def test_without_dns_names_fail_and_addresses_do_not(lab: Cluster) -> None:
    to_email = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: to-email}\nspec:\n"
        "  podSelector: {matchLabels: {app: adservice}}\n  policyTypes: [Egress]\n  egress:\n"
        "  - to: [{podSelector: {matchLabels: {app: emailservice}}}]\n"
    )
    lab.kubectl("apply", "-f", "-", stdin=to_email)
    address = lab.kubectl("get", "service", "emailservice", "-o", "jsonpath={.spec.clusterIP}")
    assert connect(lab, "adservice", "emailservice:5000").startswith(("DNS", "TIMEOUT"))
    assert connect(lab, "adservice", f"{address}:5000") == ""
    lookup = next(f for f in reversed(flows(lab)) if f["dns"] and f["verdict"] == "denied")
    assert (lookup["port"], lookup["protocol"]) == (53, "UDP") and lookup["policies"] == ["default/to-email"]
    dns = to_email.replace("to-email", "to-dns").replace(
        "  - to: [{podSelector: {matchLabels: {app: emailservice}}}]\n", "  - ports: [{protocol: UDP, port: 53}]\n"
    )
    lab.kubectl("apply", "-f", "-", stdin=dns)
    assert connect(lab, "adservice", "emailservice:5000") == ""


def test_probes_reach_pods_that_nobody_else_may(lab: Cluster) -> None:
    lab.kubectl(
        "apply",
        "-f",
        "-",
        stdin="apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {name: nobody}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n",
    )
    restart(lab, "currencyservice")
    assert connect(lab, "frontend", "10.96.0.10:53", "--protocol=udp") == "TIMEOUT"


def test_an_unknown_image_says_which_exist(lab: Cluster) -> None:
    lab.kubectl("create", "deployment", "odd", "--image=example.com/odd:1")
    try:
        deadline = time.monotonic() + 10
        while "Failed" not in (events := lab.kubectl("get", "events", "--field-selector", "type=Warning")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "frontend" in events and "agnhost" in events
        states = lab.kubectl("get", "pods", "-l", "app=odd")
        assert "ErrImagePull" in states or "ImagePullBackOff" in states
    finally:
        lab.kubectl("delete", "deployment", "odd")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spec: [", "error"),
        (CHECKOUT.replace("50051", "70000"), "must be between 1 and 65535"),
        (CHECKOUT.replace("podSelector: {matchLabels: {app: shippingservice}}", "podSelectors: {}"), "unknown field"),
        (CHECKOUT.replace("[{port: 50051}]", "[{port: 50051, protocol: HTTP}]"), "supported values"),
    ],
)
def test_bad_policies_are_refused_with_a_sentence_and_change_nothing(lab: Cluster, text: str, said: str) -> None:
    done = lab.try_kubectl("apply", "-f", "-", stdin=text)
    assert done.returncode != 0 and said in done.stderr and "Traceback" not in done.stderr
    assert lab.kubectl("get", "networkpolicy", "-o", "name") == ""


def test_flows_can_be_followed(lab: Cluster) -> None:
    with subprocess.Popen(
        ["kubectl", "get", "flows", "--watch-only", "-o", "name"],
        env=lab.environment,
        text=True,
        stdout=subprocess.PIPE,
    ) as following:
        try:
            time.sleep(0.5)
            connect(lab, "adservice", SHIPPING)
            assert following.stdout and following.stdout.readline().startswith("flow.lab.hipster-shop.dev/flow-")
        finally:
            following.kill()


def test_the_python_client_sees_the_same(lab: Cluster) -> None:
    from kubernetes import client, config

    api = config.new_client_from_config(str(lab.home / "kubeconfig"))
    with api:
        policies = client.NetworkingV1Api(api)
        spec = {"podSelector": {"matchLabels": {"app": "shippingservice"}}, "policyTypes": ["Ingress"]}
        made = policies.create_namespaced_network_policy("default", {"metadata": {"name": "py"}, "spec": spec})
        assert made.metadata.name == "py"
        assert connect(lab, "adservice", SHIPPING) == "TIMEOUT"
        policies.delete_namespaced_network_policy("py", "default")
        assert connect(lab, "adservice", SHIPPING) == ""
        ready = [
            p
            for p in client.CoreV1Api(api).list_namespaced_pod("default").items
            if any(c.type == "Ready" and c.status == "True" for c in p.status.conditions)
        ]
        assert len(ready) == 12
