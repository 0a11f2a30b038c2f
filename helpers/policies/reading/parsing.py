"""NetworkPolicy objects that `validate` accepts, as Policy records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.policies import home
from helpers.policies.model import Peer, Policy, PortRule, Rule
from helpers.policies.model.addresses import parse_block
from helpers.policies.model.selectors import EVERYTHING, parse_selector
from helpers.policies.reading.defaults import default_types


def parse_policy(policy: Mapping[str, Any]) -> Policy:
    """A valid NetworkPolicy, defaulted or not, as a Policy."""
    metadata, spec = policy.get("metadata") or {}, policy.get("spec") or {}
    types = spec.get("policyTypes") or default_types(spec)
    return Policy(
        namespace=home.namespace_of(metadata),
        name=metadata.get("name") or metadata.get("generateName") or "",
        pods=parse_selector(spec.get("podSelector")),
        ingress=_rules(spec, "ingress", "from") if "Ingress" in types else None,
        egress=_rules(spec, "egress", "to") if "Egress" in types else None,
        source=policy,
    )


def _rules(spec: Mapping[str, Any], direction: str, side: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            path=f"spec.{direction}[{index}]",
            peers=tuple(parse_peer(peer) for peer in (rule or {}).get(side) or ()),
            ports=tuple(parse_port(port or {}) for port in (rule or {}).get("ports") or ()),
        )
        for index, rule in enumerate(spec.get(direction) or ())
    )


def parse_peer(peer: Mapping[str, Any]) -> Peer:
    block = peer.get("ipBlock")
    if block is not None:
        return Peer(block=parse_block(block["cidr"], tuple(block.get("except") or ())))
    namespaces = peer.get("namespaceSelector")
    pods = peer.get("podSelector")
    return Peer(
        pods=EVERYTHING if pods is None else parse_selector(pods),
        namespaces=None if namespaces is None else parse_selector(namespaces),
    )


def parse_port(port: Mapping[str, Any]) -> PortRule:
    protocol, number, end = port.get("protocol") or "TCP", port.get("port"), port.get("endPort")
    if number is None:
        return PortRule(protocol)
    if isinstance(number, str):
        return PortRule(protocol, name=number)
    return PortRule(protocol, number, number if end is None else end)
