"""What the tests of the linter share: objects, and findings by rule."""

from __future__ import annotations

from typing import Any

from helpers.policies import Finding, lint

from .build import pod, policy, rule, spaces

UDP = {"protocol": "UDP", "port": 53}
DNS = pod(
    "coredns-1",
    "kube-system",
    labels={"k8s-app": "kube-dns"},
    ip="10.1.0.2",
    ports=[("dns", 53, "UDP"), ("dns-tcp", 53)],
)
DNS_PEER = {**spaces("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
TO_DNS = rule(DNS_PEER, side="to", ports=[UDP, 53])
ANY_SPACE: dict[str, Any] = {"namespaceSelector": {}}


def ids(*objects: Any, skip: tuple[str, ...] = ("unprotected-pods",)) -> list[str]:
    return [one.id for one in lint(objects, skip)]


def hits(name: str, *objects: Any) -> list[Finding]:
    return [one for one in lint(objects) if one.id == name]


def said(name: str, *objects: Any) -> str:
    found = hits(name, *objects)
    assert len(found) == 1, found
    return f"{found[0].sentence} {found[0].mend}"


def sends(name: str, *rules: Any, space: str = "default", **more: Any) -> Any:
    """An egress policy for app=NAME."""
    return policy(f"{name}-out", name, space, policyTypes=["Egress"], egress=list(rules), **more)
