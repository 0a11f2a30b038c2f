"""For a denied connection: how near each policy came to letting it pass.

Of all rules of a policy the one with the fewest differences is its nearest miss, put as "allows THIS, the
connection is THAT".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.policies.judging.connection import End, block_matches, peer_matches, port_matches
from helpers.policies.judging.verdicts import Miss
from helpers.policies.model import (
    INGRESS,
    NAMESPACE_NAME_LABEL,
    Action,
    Namespaces,
    Peer,
    Pod,
    Policy,
    PortRule,
    Rule,
    Service,
    labels_of_namespace,
)
from helpers.policies.model.selectors import Requirement, Selector, describe
from helpers.policies.model.services import routes
from helpers.policies.wording import listed, nearest


@dataclass(frozen=True, slots=True)
class Attempt:
    """A denied connection seen from the end that denies it."""

    direction: str
    end: End
    other: End
    port: int
    protocol: str
    family: int
    namespaces: Namespaces
    services: Sequence[Service]

    @property
    def destination(self) -> Pod | None:
        return self.end.pod if self.direction == INGRESS else self.other.pod

    @property
    def peer_role(self) -> str:
        return "the caller" if self.direction == INGRESS else "the target"


_FAR = 50
"""More than a selector can be off."""

Difference = tuple[int, str, str]
"""(how far off, what is allowed, what the connection has instead)."""


def nearest_miss(policy: Policy, attempt: Attempt) -> Miss:
    """The nearest miss of a policy that isolates the end and allows nothing that fits."""
    rules = [rule for rule in policy.rules(attempt.direction) or () if rule.action is Action.ALLOW]
    if not rules:
        return Miss(policy.key, attempt.direction, "rules", f"has no {attempt.direction} rule, so it allows nothing")
    return min((_rule_miss(policy, rule, attempt) for rule in rules), key=lambda miss: miss.distance)


def _rule_miss(policy: Policy, rule: Rule, attempt: Attempt) -> Miss:
    port = (
        _nearest(port_differences(rule, attempt))
        if rule.ports
        and not any(port_matches(entry, attempt.destination, attempt.port, attempt.protocol) for entry in rule.ports)
        else None
    )
    peer = (
        _nearest(peer_differences(rule, policy, attempt))
        if rule.peers
        and not any(
            peer_matches(entry, policy.namespace, attempt.other, attempt.family, attempt.namespaces)
            for entry in rule.peers
        )
        else None
    )
    if port and peer:
        kind, far, wants, got = "both", port[0] + peer[0] + 10, f"{peer[1]} on {port[1]}", f"{peer[2]} and {port[2]}"
    else:
        found, kind = (port, "port") if port else (peer, "peer")
        assert found is not None, "a rule that fits is no miss"
        far, wants, got = found
    return Miss(policy.key, attempt.direction, kind, f"allows {wants}, {got}", rule.path, far, wants, got)


def _nearest(differences: Iterator[Difference]) -> Difference:
    """The smallest difference, with what else the rule allows."""
    found = list(differences)
    best = min(found, key=lambda difference: difference[0])
    alike = list(dict.fromkeys(text for score, text, _ in found if score == best[0]))
    return best[0], listed(alike, "or", most=4), best[2]


def port_differences(rule: Rule, attempt: Attempt) -> Iterator[Difference]:
    for entry in rule.ports:
        yield _port_difference(entry, attempt)


def _port_difference(entry: PortRule, attempt: Attempt) -> Difference:
    allowed, actual = str(entry), f"{attempt.protocol} {attempt.port}"
    if entry.name:
        return (2, f"the port named {entry.name} ({entry.protocol})", _name_difference(entry, attempt))
    if entry.protocol != attempt.protocol:
        near = entry.first <= attempt.port <= entry.last
        return (1 if near else 3, allowed, f"the connection is {actual}")
    destination = attempt.destination
    if destination is not None:
        for route in routes(attempt.services, destination):
            inside = entry.first <= route.entry.number <= entry.last and route.entry.protocol == entry.protocol
            if inside and route.port == attempt.port:
                return (
                    0,
                    allowed,
                    f"{route.entry.number} is the port of Service {route.service.key} and the pod "
                    f"listens on {route.port}, its targetPort",
                )
    return (2, allowed, f"the connection is to {actual}")


def _name_difference(entry: PortRule, attempt: Attempt) -> str:
    destination = attempt.destination
    if destination is None or destination.host_network:
        return "a name means nothing for an address outside the cluster"
    for port in destination.ports:
        if port.name == entry.name:
            if port.protocol != entry.protocol:
                return f"on {destination.key} it is a {port.protocol} port"
            return f"on {destination.key} it is {port.number}, the connection is to {attempt.port}"
    named = [port.name for port in destination.ports if port.name]
    return f"{destination.key} has no port of that name" + (f" (it has {listed(named)})" if named else "")


def peer_differences(rule: Rule, policy: Policy, attempt: Attempt) -> Iterator[Difference]:
    for peer in rule.peers:
        yield _peer_difference(peer, policy, attempt)


def _peer_difference(peer: Peer, policy: Policy, attempt: Attempt) -> Difference:
    if peer.block is not None:
        return _block_difference(peer, attempt)
    allowed = _peer_text(peer, policy)
    pod = attempt.other.pod
    if pod is None:
        return (8, allowed, f"{attempt.other.text} is an address outside the cluster")
    if pod.host_network:
        return (8, allowed, f"{attempt.peer_role} uses its node's network, so selectors don't mean it")
    where = _namespace_difference(peer, policy, pod, attempt)
    unmet = peer.pods.misses(pod.labels)
    labels = _labels_difference(attempt.peer_role, "has", unmet, pod.labels) if unmet else ""
    if where and labels:
        return (4 + len(unmet), allowed, f"{where} and {labels.removeprefix(attempt.peer_role + ' ')}")
    return (3, allowed, where) if where else (2 + len(unmet), allowed, labels)


def _peer_text(peer: Peer, policy: Policy) -> str:
    pods = "any pod" if not peer.pods.requirements else str(peer.pods)
    if peer.namespaces is None:
        return f"any pod of namespace {policy.namespace}" if not peer.pods.requirements else pods
    if not peer.namespaces.requirements:
        return f"{pods} of any namespace"
    return f"{pods} of {_space_text(peer.namespaces)}"


def _space_text(selector: Selector) -> str:
    """`namespace tools` for the label that every namespace has by itself, other labels as they are written."""
    match selector.requirements:
        case ((key, "In", values),) if key == NAMESPACE_NAME_LABEL and len(values) == 1:
            return f"namespace {next(iter(values))}"
    return f"namespaces with {selector}"


def _namespace_difference(peer: Peer, policy: Policy, pod: Pod, attempt: Attempt) -> str:
    if peer.namespaces is None:
        if pod.namespace == policy.namespace:
            return ""
        return (
            f"{attempt.peer_role} is in namespace {pod.namespace} (a podSelector alone means pods of "
            f"{policy.namespace})"
        )
    labels = labels_of_namespace(pod.namespace, attempt.namespaces)
    unmet = peer.namespaces.misses(labels)
    if not unmet:
        return ""
    if all(key == NAMESPACE_NAME_LABEL for key, _, _ in unmet):
        return f"{attempt.peer_role} is in namespace {pod.namespace}"
    return f"{attempt.peer_role} is in namespace {pod.namespace}, " + _labels_difference("which", "has", unmet, labels)


def _labels_difference(who: str, verb: str, unmet: Sequence[Requirement], labels: Any) -> str:
    """`the caller has app=adservice`, or `has no label app`, for the requirements that aren't met."""
    having, lacking = [], []
    for key, operator, values in unmet:
        if key in labels:
            near = nearest(str(labels[key]), sorted(values)) if operator == "In" else []
            typo = " (a typing error?)" if near and len(near[0]) > 3 and _one_off(near[0], labels[key]) else ""
            having.append(f"{key}={labels[key]}{typo}")
        else:
            lacking.append(describe((key, "Exists", frozenset())))
    parts = ([f"{verb} {listed(having)}"] if having else []) + ([f"has no label {listed(lacking)}"] if lacking else [])
    return f"{who} {' and '.join(parts)}"


def _one_off(one: str, other: str) -> bool:
    """Whether two words differ by about one letter."""
    return abs(len(one) - len(other)) <= 1 and sum(a != b for a, b in zip(one, other, strict=False)) <= 2


def _block_difference(peer: Peer, attempt: Attempt) -> Difference:
    """A block was hardly meant for a pod, so that any selector comes nearer to one."""
    distance, allowed, actual = _address_difference(peer, attempt)
    return (distance + _FAR * (attempt.other.pod is not None), allowed, actual)


def _address_difference(peer: Peer, attempt: Attempt) -> Difference:
    block, other = peer.block, attempt.other
    assert block is not None and not block_matches(peer, other, attempt.family)
    if other.pod is not None and not other.addresses:
        return (7, str(block), f"the address of {other.pod.key} isn't known yet")
    values = [value for version, value in other.addresses if version == block.version]
    if not values:
        return (7, str(block), f"{attempt.peer_role} has no IPv{block.version} address")
    addresses = other.pod.addresses if other.pod is not None else (other.text,)
    if any(block.first <= value <= block.last for value in values):
        return (1, str(block), f"{attempt.peer_role}'s address {listed(addresses)} is in the exception")
    return (6, str(block), f"{attempt.peer_role}'s address is {listed(addresses)}")
