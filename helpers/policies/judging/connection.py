"""One connection, judged: the source's egress and the target's ingress must both allow it.

An end is a pod or an outside address. Each address family that both ends have is judged by itself; the
connection is allowed when it is allowed over one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from helpers.policies.judging.verdicts import NODE, OWN_ADDRESS, Side, Verdict
from helpers.policies.model import (
    EGRESS,
    INGRESS,
    Action,
    Namespaces,
    Peer,
    Pod,
    Policy,
    PortRule,
    Rule,
    RuleRef,
    labels_of_namespace,
)
from helpers.policies.model.addresses import Address

PoliciesFor = Callable[[Pod, str], Sequence[Policy]]


ANY_NODE = "*"


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of a connection; `pod` is None for an address outside. No addresses: not known (a manifest's pod).

    `node` is the name of the node that the end is, or ANY_NODE for the one on which the other end's pod runs.
    """

    pod: Pod | None
    addresses: tuple[Address, ...]
    text: str
    node: str = ""


def judge(
    source: End,
    target: End,
    port: int,
    protocol: str,
    namespaces: Namespaces,
    policies_for: PoliciesFor,
    *,
    translated: bool = False,
) -> Verdict:
    """The verdict for a new connection to the target's own `port`; `translated` when a Service's address was dialled.

    A pod that dials its own address never leaves itself; through a Service it does, and policies count.
    """
    if not translated and same_pod(source, target):
        return Verdict(
            source.text,
            target.text,
            port,
            protocol,
            Side(EGRESS, False, True, note=OWN_ADDRESS),
            Side(INGRESS, False, True, note=OWN_ADDRESS),
        )
    first: Verdict | None = None
    for family in common_families(source, target):
        verdict = Verdict(
            source.text,
            target.text,
            port,
            protocol,
            _side(EGRESS, source, target, port, protocol, family, namespaces, policies_for),
            _node_side(source, target)
            or _side(INGRESS, target, source, port, protocol, family, namespaces, policies_for),
        )
        if verdict.allowed:
            return verdict
        first = verdict if first is None else first
    return _no_family(source, target, port, protocol) if first is None else first


def same_pod(source: End, target: End) -> bool:
    """Whether both ends are one and the same pod."""
    one, other = source.pod, target.pod
    if one is None or other is None:
        return False
    return one is other or (one.name == other.name and one.namespace == other.namespace and one.member == other.member)


def common_families(source: End, target: End) -> list[int]:
    """The address families in which these ends can meet; an unknown address fits any, and is IPv4 if both are."""
    ours = [family for family, _ in source.addresses]
    theirs = [family for family, _ in target.addresses]
    if not ours:
        return theirs or [4]
    return [family for family in ours if not theirs or family in theirs]


def _no_family(source: End, target: End, port: int, protocol: str) -> Verdict:
    note = f"{source.text} and {target.text} have no address family in common"
    return Verdict(
        source.text, target.text, port, protocol, Side(EGRESS, False, False, note=note), Side(INGRESS, False, True)
    )


def _node_side(source: End, target: End) -> Side | None:
    """Ingress to a pod from its own node, which no policy can stop."""
    pod = target.pod
    if pod is None or pod.host_network:
        return None
    if source.pod is not None:
        on_it = source.pod.host_network and bool(pod.node) and source.pod.node == pod.node
    elif source.node:
        on_it = source.node in (pod.node, ANY_NODE)
    else:
        on_it = source.text in pod.host_addresses
    return Side(INGRESS, False, True, note=NODE) if on_it else None


def _side(
    direction: str,
    end: End,
    other: End,
    port: int,
    protocol: str,
    family: int,
    namespaces: Namespaces,
    policies_for: PoliciesFor,
) -> Side:
    """One end's part: the first rule that fits decides, tier by tier; after the last tier the end is open."""
    if end.pod is None or end.pod.host_network:
        return Side(direction, False, True)
    policies = policies_for(end.pod, direction)
    if not policies:
        return Side(direction, False, True)
    keys = tuple([policy.key for policy in policies])
    destination = end if direction == INGRESS else other
    isolated = False
    for tier, members in groupby(policies, attrgetter("tier")):
        isolated = isolated or tier.default is Action.DENY
        found = _first(members, direction, other, destination, port, protocol, family, namespaces)
        if found is not None and found[1].action is not Action.PASS:
            policy, rule = found
            return Side(direction, True, rule.action is Action.ALLOW, keys, RuleRef(policy.key, rule.path))
        if found is None and tier.default is Action.DENY:
            return Side(direction, True, False, keys)
    return Side(direction, isolated, True, keys)


def _first(
    policies: Iterable[Policy],
    direction: str,
    other: End,
    destination: End,
    port: int,
    protocol: str,
    family: int,
    namespaces: Namespaces,
) -> tuple[Policy, Rule] | None:
    """The first rule of some policies, in their order, that fits the connection."""
    for policy in policies:
        for rule in policy.rules(direction) or ():
            if admits(rule, policy, other, destination, port, protocol, family, namespaces):
                return policy, rule
    return None


def admits(
    rule: Rule,
    policy: Policy,
    other: End,
    destination: End,
    port: int,
    protocol: str,
    family: int,
    namespaces: Namespaces,
) -> bool:
    """Whether one rule fits the connection: any of its peers AND any of its ports."""
    for entry in rule.ports:
        if port_matches(entry, destination.pod, port, protocol):
            break
    else:
        if rule.ports:
            return False
    for peer in rule.peers:
        if peer_matches(peer, policy.namespace, other, family, namespaces):
            return True
    return not rule.peers


def port_matches(entry: PortRule, destination: Pod | None, port: int, protocol: str) -> bool:
    """Whether an entry means this port of the destination; a name is looked up among the pod's own ports."""
    if entry.protocol != protocol:
        return False
    if not entry.name:
        return entry.first <= port <= entry.last
    return (
        destination is not None
        and not destination.host_network
        and any(
            known.name == entry.name and known.number == port and known.protocol == protocol
            for known in destination.ports
        )
    )


def peer_matches(peer: Peer, namespace: str | None, other: End, family: int, namespaces: Namespaces) -> bool:
    """Whether a peer means the other end, seen over one address family."""
    if peer.block is not None:
        return block_matches(peer, other, family)
    pod = other.pod
    if pod is None or pod.host_network:
        return False
    if peer.namespaces is None:
        return pod.namespace == namespace and peer.pods.matches(pod.labels)
    return peer.namespaces.matches(labels_of_namespace(pod.namespace, namespaces)) and peer.pods.matches(pod.labels)


def block_matches(peer: Peer, other: End, family: int) -> bool:
    block = peer.block
    if block is None or block.version != family:
        return False
    if not other.addresses:
        return block.everything
    return any(version == family and block.contains(value) for version, value in other.addresses)
