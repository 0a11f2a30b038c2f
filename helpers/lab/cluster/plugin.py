"""Which network plugin a cluster has, and what of the course's texts differs with it."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpers.lab.cluster import session
from helpers.lab.cluster.api import Cluster
from helpers.lab.errors import LabError

LIVE, CUT = "live on", "are cut"


@dataclass(frozen=True)
class Plugin:
    """A network plugin. `standing` says what becomes of connections that stand when a policy comes to deny them.

    That, and `enforces` (whether it takes NetworkPolicy at all), are empty and None where the course doesn't know.
    `evidence` is the object by which it was found.
    """

    name: str
    standing: str = ""
    enforces: bool | None = True
    note: str = ""
    evidence: str = ""

    @property
    def sentence(self) -> str:
        found = f"Network plugin: {self.name}" + (f" ({self.evidence})" if self.evidence else "") + "."
        if self.enforces is False:
            return f"{found} It takes no notice of NetworkPolicy."
        words = {
            LIVE: "A connection that stands when a policy comes lives on; the policy decides about new ones.",
            CUT: "A connection that stands is cut when a policy denies it: the page of notebook 03 breaks at once.",
            "": "What becomes of connections that stand isn't known here: notebook 03 shows it.",
        }
        return " ".join(filter(None, (found, words[self.standing], self.note)))

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(self.sentence)}</div>"


LAB = Plugin("the lab's own gateway", LIVE)
UNKNOWN = Plugin("unknown", enforces=None, note="lab.prove_enforcement() tells whether it enforces policies.")

_CILIUM = "Policies see a Service's pods, never its address, and rules for names outside go through its DNS proxy."
_AWS = "It enforces only where its network policy agent is switched on."

# The name of the DaemonSet → the plugin; the first one that is there counts.
BY_DAEMONSET = {
    "cilium": Plugin("Cilium", CUT, note=_CILIUM),
    "anetd": Plugin("Cilium, as GKE's Dataplane V2", CUT, note=_CILIUM),
    "canal": Plugin("Canal (Calico's policies over flannel)", LIVE),
    "calico-node": Plugin("Calico", LIVE),
    "ovnkube-node": Plugin("OVN-Kubernetes", CUT),
    "antrea-agent": Plugin("Antrea"),
    "kube-router": Plugin("kube-router"),
    "weave-net": Plugin("Weave Net"),
    "azure-npm": Plugin("Azure's network policy manager"),
    "aws-node": Plugin("the AWS VPC CNI", enforces=None, note=_AWS),
    "kindnet": Plugin("kindnet", enforces=None, note="It enforces policies since kind 0.24."),
    "kube-flannel-ds": Plugin("flannel", enforces=False),
}

# Where DaemonSets may not be read: a group of the API that only this plugin brings.
BY_GROUP = {
    "cilium.io": "cilium",
    "crd.projectcalico.org": "calico-node",
    "k8s.ovn.org": "ovnkube-node",
    "crd.antrea.io": "antrea-agent",
    "vpcresources.k8s.aws": "aws-node",
}


def plugin() -> Plugin:
    """The network plugin of the cluster in use, as its DaemonSets or its API's groups tell."""
    return plugin_of(session.current())


def plugin_of(cluster: Cluster) -> Plugin:
    """The network plugin of a cluster; UNKNOWN if nothing tells."""
    if cluster.local:
        return LAB
    there = dict(_daemonsets(cluster))
    for name, known in BY_DAEMONSET.items():
        if name in there:
            return replace(known, evidence=f"DaemonSet {there[name]}/{name}")
    groups = _groups(cluster)
    for group, name in BY_GROUP.items():
        if group in groups:
            return replace(BY_DAEMONSET[name], evidence=f"API group {group}")
    return UNKNOWN


def _daemonsets(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Name and namespace of each DaemonSet; none where they may not be read."""
    try:
        found = cluster.call("GET", "/apis/apps/v1/daemonsets").get("items") or []
    except LabError:
        return
    yield from ((item["metadata"]["name"], item["metadata"]["namespace"]) for item in found)


def _groups(cluster: Cluster) -> set[str]:
    try:
        return {str(group.get("name")) for group in cluster.call("GET", "/apis").get("groups") or []}
    except LabError:
        return set()
