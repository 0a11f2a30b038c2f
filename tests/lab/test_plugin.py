"""The network plugin is found by what it brings, and what isn't known is said."""

import re

import pytest
from support.course import ROOT
from support.scripted import cluster

from helpers.lab.cluster import plugin
from helpers.lab.cluster.api import Cluster
from helpers.lab.cluster.transport import Answer


def daemons(*names: str) -> dict[tuple[str, str], object]:
    items = [{"metadata": {"name": name, "namespace": "kube-system"}} for name in names]
    return {("GET", "/apis/apps/v1/daemonsets"): {"items": items}}


FORBIDDEN = Answer(403, b'{"message": "no"}')
GROUPS = {"groups": [{"name": "apps"}, {"name": "cilium.io"}]}


@pytest.mark.parametrize(
    ("own", "name", "said"),
    [
        (cluster({}, local=True), "the lab's own gateway", "lives on"),
        (cluster(daemons("kube-proxy", "calico-node"), local=False), "Calico", "kube-system/calico-node"),
        (cluster(daemons("kube-proxy", "cilium", "cilium-envoy"), local=False), "Cilium", "is cut"),
        (cluster(daemons("canal", "calico-node"), local=False), "Canal", "lives on"),
        (cluster(daemons("ovnkube-node"), local=False), "OVN-Kubernetes", "is cut"),
        (cluster(daemons("kindnet"), local=False), "kindnet", "isn't known here"),
        (cluster(daemons("aws-node"), local=False), "the AWS VPC CNI", "switched on"),
        (cluster(daemons("kube-flannel-ds"), local=False), "flannel", "takes no notice"),
        (cluster(daemons("kube-proxy"), local=False), "unknown", "prove_enforcement"),
        (cluster({}, local=False), "unknown", "prove_enforcement"),
        (
            cluster({("GET", "/apis/apps/v1/daemonsets"): FORBIDDEN, ("GET", "/apis"): GROUPS}, local=False),
            "Cilium",
            "API group cilium.io",
        ),
    ],
)
def test_the_plugin_is_found(own: Cluster, name: str, said: str) -> None:
    found = plugin.plugin_of(own)
    assert found.name.startswith(name) and said in repr(found) and repr(found).startswith("Network plugin: ")


def test_the_table_has_each_plugin_as_it_is_known() -> None:
    text = (ROOT / "docs" / "real-clusters.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", text, re.MULTILINE))
    for known in (plugin.LAB, *plugin.BY_DAEMONSET.values()):
        assert rows[known.name] == (
            known.standing or "not known here" if known.enforces is not False else "no policies"
        )
