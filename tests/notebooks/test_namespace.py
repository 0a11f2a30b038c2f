"""The course in a namespace of one's own: nothing of it is in `default`, and what is there stays."""

from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster
from support.notebooks import course, run, solved

pytestmark = pytest.mark.timeout(300)

MINE = {"LAB_NAMESPACE": "learner-7"}
STRANGERS = """
apiVersion: v1
kind: Namespace
metadata: {name: tools, labels: {team: theirs}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: theirs, namespace: tools}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: theirs, namespace: default}
spec: {podSelector: {matchLabels: {app: shippingservice}}}
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    with cluster("--empty", prefix="ns-") as own:
        own.kubectl("apply", "-f", "-", stdin=STRANGERS)
        yield own


@pytest.mark.parametrize("number", ["00", "03", "06", "08"])
def test_a_notebook_in_a_namespace_of_ones_own(number: str, shared: Cluster) -> None:
    before = shared.kubectl("get", "networkpolicies,deployments", "-n", "default", "-o", "json")
    (path,) = [path for path in course() if path.name.startswith(number)]
    found = run(path, shared.environment | MINE, solved(path, mine="learner-7-"))
    assert not found.errors
    assert "[ OK ] Done." in found.text("turn-check"), found.text("turn-check")
    assert "namespace learner-7" in found.text("start")
    assert shared.kubectl("get", "networkpolicies,deployments", "-n", "default", "-o", "json") == before
    assert "theirs" in shared.kubectl("get", "networkpolicies", "-n", "tools", "-o", "name")
    for name in ("graph", "matrix", "declared", "turn-bench"):
        assert "learner-7/" not in (found.text(name) if name in found.cells else ""), "it goes without saying"
