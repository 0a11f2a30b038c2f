"""What the rules look at: a world with its matrix, and the questions that several rules ask of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from helpers.policies import home
from helpers.policies.application.need import needs
from helpers.policies.application.redundancy import Redundant, removable
from helpers.policies.judging.connection import End, common_families, judge
from helpers.policies.linting.cutting import Cut, cuts
from helpers.policies.linting.presence import Presence
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.model import (
    EGRESS,
    INGRESS,
    NAMESPACE_NAME_LABEL,
    Peer,
    Pod,
    Policy,
    Rule,
    Service,
    labels_of_namespace,
)
from helpers.policies.model.addresses import Block
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.selectors import Selector
from helpers.policies.model.services import served
from helpers.policies.world import World

SIDES = {INGRESS: "from", EGRESS: "to"}
OTHER = {INGRESS: EGRESS, EGRESS: INGRESS}

Pods = tuple[Pod, ...]


def _nothing_selected(world: World) -> dict[Selector, Pods]:
    """Selectors with their pods, as they are asked for."""
    return {}


def _by_labels(world: World) -> dict[frozenset[tuple[str, str]], list[Pod]]:
    found: dict[frozenset[tuple[str, str]], list[Pod]] = {}
    for pod in world.pods:
        found.setdefault(frozenset(pod.labels.items()), []).append(pod)
    return found


class Case:
    """One world under the lint."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.presence = Presence(world)
        self._meant: dict[tuple[Peer, str | None], Pods] = {}
        self._selected = world.once(_nothing_selected)
        self._served: dict[Pod, set[tuple[str, int]]] = {}

    @cached_property
    def matrix(self) -> Matrix:
        return self.world.matrix("pod")

    @cached_property
    def removable(self) -> list[Redundant]:
        return removable(self.world)

    @cached_property
    def _pods_of(self) -> list[list[Pod]]:
        found: list[list[Pod]] = [[] for _ in self.matrix.classes.looks]
        for pod, number in zip(self.world.pods, self.matrix.classes.of_pod, strict=True):
            found[number].append(pod)
        return found

    def pods(self, classes: Bits) -> list[Pod]:
        """The pods of some classes; outside classes have none."""
        return [pod for number in members(classes & self.matrix.classes.pods) for pod in self._pods_of[number]]

    def subjects(self, policy: Policy) -> Bits:
        """The classes that a policy selects."""
        return self.matrix.classes.subjects(policy)

    def selected(self, policy: Policy) -> list[Pod]:
        """The pods that a policy selects."""
        return self.pods(self.subjects(policy))

    def peer(self, peer: Peer, policy: Policy) -> Bits:
        """The classes of pods that a peer without ipBlock means; the peer must stand in a policy of this world."""
        return self.matrix.classes.peer(peer, policy.namespace)

    def labelled(self, selector: Selector) -> Pods:
        """The pods of all namespaces whose labels a selector fits, whether or not a policy uses it."""
        found = self._selected.get(selector)
        if found is None:
            fitting = {labels for labels, pods in self._by_labels.items() if selector.matches(pods[0].labels)}
            found = self._selected[selector] = tuple(pod for labels in fitting for pod in self._by_labels[labels])
        return found

    @property
    def _by_labels(self) -> dict[frozenset[tuple[str, str]], list[Pod]]:
        return self.world.once(_by_labels)

    def meant(self, peer: Peer, namespace: str | None) -> Pods:
        """The pods that any peer without ipBlock means by labels and namespaces, those of the host network included,
        which the API leaves open. Classes don't tell: they only know selectors that policies use."""
        found = self._meant.get((peer, namespace))
        if found is None:
            spaces = self.spaces(peer.namespaces, namespace)
            found = self._meant[peer, namespace] = tuple(
                pod for pod in self.labelled(peer.pods) if pod.namespace in spaces
            )
        return found

    def spaces(self, selector: Selector | None, namespace: str | None) -> set[str]:
        """The namespaces with pods that a peer's namespaceSelector fits; without one the policy's own."""
        if selector is None:
            return {namespace or ""}
        known = self.world.namespaces
        return {name for name in self.presence.populated if selector.matches(labels_of_namespace(name, known))}

    def inside(self, block: Block) -> list[Pod]:
        """The pods whose address a block holds, without those of the host network."""
        number, bits = self.matrix.classes.blocks[block], 0
        for one, look in enumerate(self.matrix.classes.looks):
            if look.blocks >> number & 1 and look.families and not look.host:
                bits |= 1 << one
        return self.pods(bits)

    def destinations(self, policy: Policy, rule: Rule, direction: str) -> Sequence[Pod]:
        """One pod of each workload whose ports a rule means; none where some of them may not be in the input."""
        if direction == INGRESS:
            return one_each(self.selected(policy))
        if not rule.peers or any(
            self.presence.unseen(policy, peer) and not self._pinned(policy, peer) for peer in rule.peers
        ):
            return ()
        return one_each(pod for peer in rule.peers if peer.block is None for pod in self.pods(self.peer(peer, policy)))

    def _pinned(self, policy: Policy, peer: Peer) -> bool:
        """Whether a peer names pods by label, and some of those that it means are there."""
        return bool(peer.pods.requirements and self.peer(peer, policy))

    def served(self, pod: Pod) -> set[tuple[str, int]]:
        """The (protocol, port) pairs that a pod declares or gets from a Service."""
        known = self._served.get(pod)
        if known is None:
            known = self._served[pod] = served(pod, self.services(pod.namespace))
        return known

    @cached_property
    def _services(self) -> dict[str, list[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.world.services:
            found.setdefault(service.namespace, []).append(service)
        return found

    def services(self, namespace: str) -> list[Service]:
        return self._services.get(namespace, [])

    def isolated(self, pod: Pod, direction: str) -> bool:
        return self.matrix.tables[0].isolated(self.matrix.class_of(pod), direction)

    def lets_out(self, pod: Pod, target: Pod | str, port: int, protocol: str) -> bool:
        """Whether a pod's own policies let it call a pod or an address, over whichever address family."""
        source, other = self.world.end(pod), self.world.end(target)
        return any(
            judge(
                _over(source, family), _over(other, family), port, protocol, self.world.namespaces, self.world.isolating
            ).egress.allowed
            for family in common_families(source, other)
        )

    @cached_property
    def cuts(self) -> list[Cut]:
        """The calls that the manifests declare and that policies deny."""
        return cuts(self.world, needs(self.world))

    def workload_object(self, pod: Pod) -> Mapping[str, Any] | None:
        """The object of a pod's workload, if it is in the input."""
        return self._objects.get(pod.workload_key)

    @cached_property
    def _objects(self) -> dict[str, Mapping[str, Any]]:
        named = ((item, item.get("metadata") or {}) for item in self.world.objects)
        return {
            f"{home.namespace_of(metadata)}/{metadata.get('name')}[{item.get('kind')}]": item
            for item, metadata in named
            if isinstance(metadata, Mapping)
        }

    def rules(self) -> Iterator[tuple[Policy, str, Rule]]:
        """Every rule that counts, with its policy and direction."""
        for policy in self.world.policies:
            for direction in (INGRESS, EGRESS):
                for rule in policy.rules(direction) or ():
                    yield policy, direction, rule

    def peers(self) -> Iterator[tuple[Policy, str, Rule, int, Peer]]:
        """Every peer without ipBlock, with its policy, direction, rule, and number in the rule."""
        for policy, direction, rule in self.rules():
            for number, peer in enumerate(rule.peers):
                if peer.block is None:
                    yield policy, direction, rule, number, peer

    def blocks(self) -> Iterator[tuple[Policy, str, Rule, str, Block]]:
        """Every ipBlock, with its policy, direction, rule, and path."""
        for policy, direction, rule in self.rules():
            for number, peer in enumerate(rule.peers):
                if peer.block is not None:
                    yield policy, direction, rule, f"{peer_path(rule, direction, number)}.ipBlock", peer.block

    def objects(self, *kinds: str) -> Iterator[Mapping[str, Any]]:
        return (item for item in self.world.objects if item.get("kind") in kinds)


def _over(end: End, family: int) -> End:
    """An end with its addresses of one family only."""
    return replace(end, addresses=tuple(address for address in end.addresses if address[0] == family))


def one_each(pods: Iterator[Pod] | Sequence[Pod]) -> list[Pod]:
    """One pod of each workload: its pods have the same ports and labels."""
    return list({pod.workload_key: pod for pod in pods}.values())


def peer_path(rule: Rule, direction: str, number: int) -> str:
    return f"{rule.path}.{SIDES[direction]}[{number}]"


def names_of(pods: Sequence[Pod]) -> list[str]:
    """The workloads of some pods by name, each once."""
    return list(dict.fromkeys(pod.workload.partition("/")[2] for pod in pods))


def peer_text(peer: Peer) -> str:
    """A peer in words; a namespace by its name where it is meant by its name."""
    return re.sub(rf"namespaces with {re.escape(NAMESPACE_NAME_LABEL)}=(\S+)$", r"namespace \1", str(peer))
