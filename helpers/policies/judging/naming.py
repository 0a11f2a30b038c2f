"""Whether a pod can look up names: a call by name begins with a question to the cluster's DNS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from helpers.policies.judging.connection import End, judge
from helpers.policies.model import EGRESS, Namespaces, Pod, Policy
from helpers.policies.model.addresses import parse_address

DNS_PORT = 53
DNS_NAMESPACE = "kube-system"
DNS_LABELS = {"k8s-app": "kube-dns"}
"""The namespace of the cluster's DNS and the label of its pods, on every cluster that is set up in the usual way."""

NODE_LOCAL = "169.254.20.10"
"""Where NodeLocal DNSCache answers on each node."""


class Asked(Protocol):
    """What the question needs of a World."""

    @property
    def namespaces(self) -> Namespaces: ...
    @property
    def pods(self) -> Sequence[Pod]: ...
    def isolating(self, pod: Pod, direction: str) -> Sequence[Policy]: ...


def dns_pods(pods: Sequence[Pod]) -> list[Pod]:
    """The cluster's DNS among some pods; often it isn't in the input."""
    return [
        pod
        for pod in pods
        if pod.namespace == DNS_NAMESPACE
        and (DNS_LABELS.items() <= pod.labels.items() or pod.labels.get("k8s-app") == "coredns")
    ]


def resolves(pod: Pod, world: Asked) -> bool:
    """Whether policies let a pod ask the DNS over UDP. Where the DNS isn't in the input, a usual one stands for it."""
    if not world.isolating(pod, EGRESS):
        return True
    servers: list[End] = [End(server, server.parsed_addresses, server.key) for server in dns_pods(world.pods)]
    servers = servers or [End(Pod(namespace=DNS_NAMESPACE, name="kube-dns", labels=DNS_LABELS), (), "kube-dns")]
    servers.append(End(None, (parse_address(NODE_LOCAL),), NODE_LOCAL))
    source = End(pod, pod.parsed_addresses, pod.key)
    return any(judge(source, server, DNS_PORT, "UDP", world.namespaces, world.isolating) for server in servers)
