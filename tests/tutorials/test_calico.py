"""Calico's tutorials for Kubernetes policies: the simple one, the advanced one, and the demo of stars."""

import json
import time

import pytest

from tutorials.reader import TIMED_OUT, Reader

PAGE = "Welcome to nginx!"
DNS = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}"


@pytest.fixture
def nginx(reader: Reader) -> Reader:
    """A reader with the web server that both tutorials begin with."""
    reader.do("kubectl create deployment nginx --image=nginx", "kubectl expose deployment nginx --port=80")
    reader.rolled_out("nginx")
    return reader


def inside(reader: Reader, name: str, line: str) -> str:
    """One line in the shell of `kubectl run NAME --rm -ti --image busybox /bin/sh`, which is labelled run=NAME."""
    said = reader.type(f"kubectl run {name} --rm -i --restart=Never --image busybox -- /bin/sh -c '{line}'")
    return said.text


def test_simple_policy(nginx: Reader) -> None:
    assert PAGE in inside(nginx, "access", "wget -q nginx -O -")
    nginx.policy("default-deny", "{podSelector: {matchLabels: {}}}")
    assert TIMED_OUT in inside(nginx, "access", "wget -q --timeout=1 nginx -O -")
    nginx.policy(
        "access-nginx",
        "{podSelector: {matchLabels: {app: nginx}}, ingress: [{from: [{podSelector: {matchLabels: {run: access}}}]}]}",
    )
    assert PAGE in inside(nginx, "access", "wget -q --timeout=1 nginx -O -")
    assert TIMED_OUT in inside(nginx, "cant-access", "wget -q --timeout=1 nginx -O -")


def test_advanced_policy(nginx: Reader) -> None:
    web, outside = "wget -q --timeout=1 nginx -O -", "wget -q --timeout=1 google.com -O -"

    def sees(line: str, words: str) -> None:
        assert words in inside(nginx, "access", line), line

    sees(web, PAGE)
    sees(outside, "outside of the lab")
    nginx.policy("default-deny-ingress", "{podSelector: {matchLabels: {}}, policyTypes: [Ingress]}")
    sees(web, TIMED_OUT)
    sees(outside, "outside of the lab")
    nginx.policy(
        "access-nginx",
        "{podSelector: {matchLabels: {app: nginx}}, ingress: [{from: [{podSelector: {matchLabels: {}}}]}]}",
    )
    sees(web, PAGE)
    nginx.policy("default-deny-egress", "{podSelector: {matchLabels: {}}, policyTypes: [Egress]}")
    sees("nslookup nginx", "no servers could be reached")
    sees(outside, "wget: bad address 'google.com'")
    nginx.policy(
        "allow-dns-access",
        "{podSelector: {matchLabels: {}}, policyTypes: [Egress], "
        f"egress: [{{to: [{DNS}], ports: [{{protocol: UDP, port: 53}}]}}]}}",
    )
    sees("nslookup nginx", "Name:\tnginx.")
    sees("nslookup google.com", "Name:\tgoogle.com")
    sees(web, TIMED_OUT)
    nginx.policy(
        "allow-egress-to-nginx",
        "{podSelector: {matchLabels: {}}, policyTypes: [Egress], "
        "egress: [{to: [{podSelector: {matchLabels: {app: nginx}}}]}]}",
    )
    sees(web, PAGE)
    sees(outside, TIMED_OUT)


STAR = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{role: {name}}}}}
  template:
    metadata: {{labels: {{role: {name}}}}}
    spec:
      containers:
      - name: {name}
        image: calico/{image}:multiarch
        {command}
        args: [--http-port={port}, --request-interval-ms=100, --timeout-ms=300{urls}]
        ports: [{{containerPort: {port}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{ports: [{{port: {port}, targetPort: {port}}}], selector: {{role: {name}}}}}
"""
URLS = ', "--urls=http://frontend.stars:80/status,http://backend.stars:6379/status,http://client.client:9000/status"'
EVERYBODY = {"frontend", "backend", "client"}


@pytest.fixture
def stars(reader: Reader) -> Reader:
    """The demo's namespaces, probes and page."""
    for name, labels in (("stars", ()), ("client", ("role=client",)), ("management-ui", ("role=management-ui",))):
        reader.make_namespace(name, *labels)
    for name, namespace, port in (("frontend", "stars", 80), ("backend", "stars", 6379), ("client", "client", 9000)):
        reader.apply(
            STAR.format(
                name=name, namespace=namespace, port=port, image="star-probe", urls=URLS, command="command: [probe]"
            ),
            namespace,
        )
    reader.apply(
        STAR.format(
            name="management-ui", namespace="management-ui", port=9001, image="star-collect", urls="", command=""
        ),
        "management-ui",
    )
    for name, namespace in (
        ("frontend", "stars"),
        ("backend", "stars"),
        ("client", "client"),
        ("management-ui", "management-ui"),
    ):
        reader.ready(f"role={name}", namespace=namespace)
    return reader


def picture(reader: Reader, wanted: dict[str, set[str]]) -> None:
    """What the page shows: who is seen, and which others they reach."""
    line = "kubectl -n management-ui exec deploy/management-ui -- curl -s http://localhost:9001/status"
    deadline = time.monotonic() + 15
    while (shown := _shown(reader.type(line).text)) != wanted:
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)


def _shown(text: str) -> dict[str, set[str]]:
    return {name: {*reached} - {name} for name, reached in json.loads(text or "{}").items()}


def test_stars(stars: Reader) -> None:
    picture(stars, {name: EVERYBODY - {name} for name in EVERYBODY})

    for namespace in ("stars", "client"):
        stars.policy("default-deny", "{podSelector: {matchLabels: {}}}", namespace)
    picture(stars, {})
    assert "No star can be seen" in stars.type(
        "kubectl -n management-ui exec deploy/management-ui -- wget -qO- http://localhost:9001/"
    )

    ui = "{from: [{namespaceSelector: {matchLabels: {role: management-ui}}}]}"
    for namespace in ("stars", "client"):
        stars.policy("allow-ui", f"{{podSelector: {{matchLabels: {{}}}}, ingress: [{ui}]}}", namespace)
    picture(stars, {"frontend": set(), "backend": set(), "client": set()})

    callers = "{from: [{podSelector: {matchLabels: {role: frontend}}}], ports: [{protocol: TCP, port: 6379}]}"
    stars.policy(
        "backend-policy", f"{{podSelector: {{matchLabels: {{role: backend}}}}, ingress: [{callers}]}}", "stars"
    )
    picture(stars, {"frontend": {"backend"}, "backend": set(), "client": set()})

    visitors = "{from: [{namespaceSelector: {matchLabels: {role: client}}}], ports: [{protocol: TCP, port: 80}]}"
    stars.policy(
        "frontend-policy", f"{{podSelector: {{matchLabels: {{role: frontend}}}}, ingress: [{visitors}]}}", "stars"
    )
    picture(stars, {"frontend": {"backend"}, "backend": set(), "client": {"frontend"}})
