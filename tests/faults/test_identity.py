"""A pod's token is its own and only its own: relabelled, deleted, made anew under the same name."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import Cluster, cluster
from support.recovery import until
from support.writer import POLICIES, Api

PODS = "/api/v1/namespaces/default/pods"


def pod(name: str, **labels: str) -> dict[str, Any]:
    container = {"name": "web", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    }


@pytest.fixture(scope="module")
def lab() -> Iterator[Cluster]:
    """A server that lets in friends alone, and a caller who is one."""
    with cluster("--empty", prefix="lab-identity-") as own:
        api = Api(own.home / "kubeconfig")
        for item in (pod("server", app="server"), pod("caller", role="friend")):
            api.request("POST", PODS, item)
        friends = [{"from": [{"podSelector": {"matchLabels": {"role": "friend"}}}]}]
        api.request(
            "POST",
            POLICIES,
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "friends"},
                "spec": {"podSelector": {"matchLabels": {"app": "server"}}, "ingress": friends},
            },
        )
        own.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")
        yield own


def credentials(own: Cluster) -> str:
    """`user:token` of the caller, as its environment has it."""
    found = re.search(r"^http_proxy=http://([^@]+)@", own.kubectl("exec", "caller", "--", "env"), re.MULTILINE)
    assert found
    return found.group(1)


def answer(own: Cluster, secret: str) -> str:
    """What the gateway says when somebody with this token wants to reach the server."""
    port = json.loads((own.home / "node.json").read_text())["gateway_port"]
    address = Api(own.home / "kubeconfig").request("GET", f"{PODS}/server")["status"]["podIP"]
    head = f"CONNECT {address}:8080 HTTP/1.1\r\nX-Lab-Timeout: 0.5\r\n"
    head += f"Proxy-Authorization: Basic {base64.b64encode(secret.encode()).decode()}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        link.sendall(head.encode())
        return link.recv(4096).split(b" ", 2)[1].decode()


def test_a_token_means_what_its_pod_is_now(lab: Cluster) -> None:
    """Relabelled, the same pod with the same token is judged by its new labels, at once and both ways."""
    api, secret = Api(lab.home / "kubeconfig"), credentials(lab)
    for role, status in (("friend", "200"), ("foe", "504"), ("friend", "200"), (None, "504"), ("friend", "200")):
        api.merge(f"{PODS}/caller", {"metadata": {"labels": {"role": role}}})
        assert answer(lab, secret) == status, role


def test_a_token_ends_with_its_pod(lab: Cluster) -> None:
    """Deleted, and made anew with the same name and labels: the old token opens nothing, the new one is another."""
    api, secret = Api(lab.home / "kubeconfig"), credentials(lab)
    assert answer(lab, secret) == "200"
    api.request("DELETE", f"{PODS}/caller")
    until(lambda: api.refusal("GET", f"{PODS}/caller")[0] == 404, 20)
    assert answer(lab, secret) == "407"
    api.request("POST", PODS, pod("caller", role="friend"))
    lab.kubectl("wait", "--for=condition=Ready", "pod/caller", "--timeout=30s")
    renewed = credentials(lab)
    assert not set(renewed.split(":")) & set(secret.split(":"))
    assert (answer(lab, secret), answer(lab, renewed)) == ("407", "200")
    mixed = f"{renewed.partition(':')[0]}:{secret.partition(':')[2]}"
    assert answer(lab, mixed) == "407"
