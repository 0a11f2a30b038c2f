"""What the API server fills in: protocol TCP and policyTypes."""

from __future__ import annotations

from typing import Any


def default(policy: dict[str, Any]) -> dict[str, Any]:
    """A valid NetworkPolicy with the API's defaults; the given object stays as it is."""
    spec = dict(policy.get("spec") or {})
    spec.setdefault("podSelector", {})
    if spec["podSelector"] is None:
        spec["podSelector"] = {}
    if not spec.get("policyTypes"):
        spec["policyTypes"] = default_types(spec)
    for direction in ("ingress", "egress"):
        if spec.get(direction):
            spec[direction] = [_default_rule(rule) for rule in spec[direction]]
    return {**policy, "spec": spec}


def default_types(spec: dict[str, Any]) -> list[str]:
    """Ingress, plus Egress only when there are egress rules."""
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _default_rule(rule: dict[str, Any] | None) -> dict[str, Any]:
    if not rule or not rule.get("ports"):
        return rule or {}
    return {**rule, "ports": [_default_port(port or {}) for port in rule["ports"]]}


def _default_port(port: dict[str, Any]) -> dict[str, Any]:
    return {**port, "protocol": "TCP"} if port.get("protocol") is None else port
