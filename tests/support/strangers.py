"""A cluster without the lab's habits: another pod network, slow endpoints, no flow log, and other people's things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.cluster import Cluster, cluster

MINE = "learner-7"
SPACES = ("default", "theirs", "tools", "infra")
HABITS = {"LAB_POD_CIDR": "10.60.0.0/16", "LAB_ENDPOINTS_DELAY": "0.4", "LAB_FLOW_LOG": "off"}
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"

THEIRS = """
apiVersion: v1
kind: Namespace
metadata:
  name: learner-7
  labels: {pod-security.kubernetes.io/enforce: baseline}
---
apiVersion: v1
kind: Namespace
metadata:
  name: theirs
  labels: {team: blue, pod-security.kubernetes.io/enforce: privileged}
---
apiVersion: v1
kind: Namespace
metadata: {name: tools}
---
apiVersion: v1
kind: Namespace
metadata: {name: infra}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny-ingress, namespace: theirs}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shipping-allow-checkout, namespace: theirs}
spec:
  podSelector: {matchLabels: {app: shippingservice}}
  ingress: [{from: [{podSelector: {}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: default}
spec: {podSelector: {matchLabels: {app: frontend}}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-before, namespace: learner-7}
spec: {podSelector: {matchLabels: {app: nobody}}}
"""


def workload(kind: str, name: str, namespace: str, *, host: bool = False) -> str:
    """A Deployment or DaemonSet of somebody else's that calls a Service of theirs, with that Service."""
    port = 18080 if host else 8080
    return f"""
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      hostNetwork: {str(host).lower()}
      containers:
      - name: main
        image: {IMAGE}
        args: [netexec, --http-port={port}]
        env: [{{name: BACKEND_ADDR, value: "backend:80"}}]
        ports: [{{containerPort: {port}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: {port}}}]}}
"""


WORKLOADS = "---".join(
    (
        workload("Deployment", "frontend", "default"),
        workload("Deployment", "backend", "default"),
        workload("Deployment", "shippingservice", "theirs"),
        workload("Deployment", "backend", "theirs"),
        workload("Deployment", "collector", "tools"),
        workload("DaemonSet", "node-agent", "infra", host=True),
    )
)


@contextmanager
def strange_cluster(folder: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """The cluster, and the variables by which a learner of it works: a context of their own kubeconfig."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in HABITS.items():
            patch.setenv(name, value)
        with cluster("--empty", prefix="far-") as own:
            own.kubectl("apply", "-f", "-", stdin=THEIRS)
            own.kubectl("apply", "-f", "-", stdin=WORKLOADS)
            for space, kind, name in (("default", "deployment", "frontend"), ("infra", "daemonset", "node-agent")):
                own.kubectl("rollout", "status", f"--namespace={space}", f"{kind}/{name}", "--timeout=60s")
            yield own, seat(own, folder)


def seat(own: Cluster, folder: Path) -> dict[str, str]:
    """A learner's own kubeconfig and LAB_HOME; the context names their namespace."""
    text = (own.home / "kubeconfig").read_text()
    config = folder / "config"
    config.write_text(
        text.replace("name: hipster-lab\n", "name: far\n")
        .replace("cluster: hipster-lab\n", "cluster: far\n")
        .replace("current-context: hipster-lab", "current-context: far")
    )
    return {"LAB_HOME": str(folder / "home"), "KUBECONFIG": str(config), "LAB_CONTEXT": "far", "LAB_NAMESPACE": MINE}


def theirs(own: Cluster) -> str:
    """All that others have, byte by byte."""
    kinds = "networkpolicies,deployments,daemonsets,replicasets,services,pods,serviceaccounts,configmaps"
    found = [own.kubectl("get", kinds, "-n", space, "-o", "yaml") for space in SPACES]
    found.append(own.kubectl("get", "networkpolicy", "from-before", "-n", MINE, "-o", "yaml"))
    return "".join([own.kubectl("get", "namespaces", *SPACES, MINE, "-o", "yaml"), *found])
