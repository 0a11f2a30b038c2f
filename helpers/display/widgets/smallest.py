"""The smallest policy that would let one call through."""

from __future__ import annotations

from typing import Any

from helpers.policies import Pod, World
from helpers.policies.model.naming import short_name, telling_labels

Json = dict[str, Any]
_NAMESPACE = "kubernetes.io/metadata.name"


def smallest(world: World, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP") -> tuple[Json, ...]:
    """The policies to add so that a new connection is allowed: one for each end that refuses it, none if none does.

    An end is a Pod, or the address of something outside the cluster.
    """
    verdict = world.judge(source, target, port, protocol)
    found = []
    if not verdict.egress.allowed and isinstance(source, Pod):
        found.append(_policy(source, "egress", "to", target, port, protocol, "to"))
    if not verdict.ingress.allowed and isinstance(target, Pod):
        found.append(_policy(target, "ingress", "from", source, port, protocol, "allow"))
    return tuple(found)


def _policy(pod: Pod, direction: str, side: str, other: Pod | str, port: int, protocol: str, word: str) -> Json:
    entry = {"port": port} if protocol == "TCP" else {"protocol": protocol, "port": port}
    rule = {side: [_peer(other, pod.namespace)], "ports": [entry]}
    about = {"name": f"{short_name(pod)}-{word}-{_name(other)}", "namespace": pod.namespace}
    spec = {
        "podSelector": {"matchLabels": telling_labels(pod.labels)},
        "policyTypes": [direction.capitalize()],
        direction: [rule],
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": about, "spec": spec}


def _peer(other: Pod | str, namespace: str) -> Json:
    if isinstance(other, str):
        return {"ipBlock": {"cidr": f"{other}/{128 if ':' in other else 32}"}}
    pods = {"podSelector": {"matchLabels": telling_labels(other.labels)}}
    if other.namespace == namespace:
        return pods
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: other.namespace}}, **pods}


def _name(end: Pod | str) -> str:
    return end.replace(":", "-").replace(".", "-") if isinstance(end, str) else short_name(end)
