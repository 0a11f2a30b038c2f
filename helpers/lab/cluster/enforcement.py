"""Prove that a cluster enforces policies before it teaches them: some network plug-ins accept and ignore them."""

import contextlib
import html
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.lab import tones
from helpers.lab.bar import Bar
from helpers.lab.cluster import belonging, clearing, session
from helpers.lab.cluster.api import Cluster
from helpers.lab.cluster.probing import HARMLESS, IMAGE, probe
from helpers.lab.errors import ClusterError, LabError, Unfinished
from helpers.lab.shop.workloads import is_ready

PORT = 8080
PATIENCE = 20.0
"""Seconds that a network plug-in may take to program a new policy."""


@dataclass(frozen=True)
class Enforcement:
    """Whether a deny policy stopped a connection that worked without it. `seconds` from the policy to the drop."""

    enforced: bool
    seconds: float
    cluster: str
    trouble: str = ""

    @property
    def sentence(self) -> str:
        if self.enforced:
            when = "at once" if self.seconds < 0.05 else f"{self.seconds:.1f} s later"
            return (
                f"Policies are enforced on {self.cluster}: a call that went through got no answer any more when a "
                f"policy denied it, {when}."
            )
        if self.trouble:
            return f"Enforcement could not be tested on {self.cluster}: {self.trouble}"
        return (
            f"Policies are NOT enforced on {self.cluster}: {self.seconds:.0f} s after a policy that denies it, a "
            "call still goes through. Its network plug-in ignores NetworkPolicy; use the local cluster, or one "
            "with Calico."
        )

    def __bool__(self) -> bool:
        return self.enforced

    def __repr__(self) -> str:
        return f"[{' OK ' if self.enforced else 'FAIL'}] {self.sentence}"

    def _repr_html_(self) -> str:
        mark = "✓" if self.enforced else "✗"
        return (
            f'<div data-enforced="{str(self.enforced).lower()}">'
            f'<strong style="color:{tones.verdict(self.enforced)}">{mark}</strong> '
            f"{html.escape(self.sentence)}</div>"
        )


def prove_enforcement() -> Enforcement:
    """Try it: a throw-away namespace, a server, a client, a deny, a probe. The namespace always goes away again."""
    cluster = session.current()
    with Bar("Proving that policies are enforced", 4) as bar, _namespace(cluster) as namespace:
        bar.update(0, "starting a server and a client")
        for name, arguments in (("server", ["netexec", f"--http-port={PORT}"]), ("client", ["pause"])):
            cluster.create("pods", _pod(name, arguments), namespace)
        address = _ready(cluster, namespace)
        bar.update(1, "connecting")
        client, target = f"{namespace}/client", f"{address}:{PORT}"
        if not _eventually(client, target):
            return Enforcement(False, 0.0, cluster.context.name, "the server cannot be reached even without a policy.")
        bar.update(2, "denying")
        cluster.create("networkpolicies", _deny(), namespace)
        bar.update(3, "connecting again")
        return _watch(client, target, cluster.context.name)


def _watch(client: str, target: str, name: str) -> Enforcement:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < PATIENCE:
        if not probe(client, target, timeout=1.0):
            return Enforcement(True, passed, name)
    return Enforcement(False, passed, name)


def _eventually(client: str, target: str) -> bool:
    for _ in range(10):
        if probe(client, target):
            return True
        time.sleep(0.3)
    return False


@contextlib.contextmanager
def _namespace(cluster: Cluster) -> Iterator[str]:
    name = f"{belonging.PROOF}{secrets.token_hex(3)}"
    body = {"metadata": {"name": name, "labels": {belonging.COURSE: cluster.namespace}}}
    try:
        cluster.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", **body})
    except ClusterError as error:
        name = belonging.namespace("sandbox")
        if error.status != 403 or name not in belonging.given(cluster):
            raise
        clearing.empty(cluster, name)
    try:
        yield name
    finally:
        with contextlib.suppress(LabError):
            clearing.take_away(cluster, name)


def _ready(cluster: Cluster, namespace: str, patience: float = 90.0) -> str:
    """Wait until both pods are Ready; the server's address."""
    deadline, pause = time.monotonic() + patience, 0.03
    while time.monotonic() < deadline:
        pods = {pod["metadata"]["name"]: pod for pod in cluster.list("pods", namespace)}
        if len(pods) == 2 and all(map(is_ready, pods.values())):
            return str(pods["server"]["status"]["podIP"])
        time.sleep(pause)
        pause = min(pause * 1.3, 0.5)
    raise Unfinished(
        f"The two pods that test enforcement did not become Ready within {patience:.0f} s. "
        f"They use the image {IMAGE}: can this cluster pull it?"
    )


def _pod(name: str, arguments: list[str]) -> dict[str, Any]:
    container = {"name": name, "image": IMAGE, "args": arguments, "securityContext": HARMLESS}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def _deny() -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny-server"},
        "spec": {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"]},
    }
