"""What the rules look at: a world with its matrix, and the questions that several rules ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from helpers.policies.application.redundancy import Redundant, removable
from helpers.policies.linting.findings import Finding, finding
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.model import EGRESS, INGRESS, NAMESPACE_NAME_LABEL, Peer, Pod, Policy, Rule, Service
from helpers.policies.model.addresses import Block
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.selectors import Selector, holds
from helpers.policies.model.services import served
from helpers.policies.wording import nearest
from helpers.policies.world import World

SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})
SIDES = {INGRESS: "from", EGRESS: "to"}


class Case:
    """One world under the lint."""

    def __init__(self, world: World) -> None:
        self.world = world

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

    def workloads(self, classes: Bits) -> list[Pod]:
        """One pod of each workload in some classes: a workload's pods have the same ports."""
        return list({pod.workload_key: pod for pod in self.pods(classes)}.values())

    def subjects(self, policy: Policy) -> Bits:
        return self.matrix.classes.subjects(policy)

    def peer(self, peer: Peer, policy: Policy) -> Bits:
        """The classes of pods that a peer without ipBlock means."""
        return self.matrix.classes.peer(peer, policy.namespace)

    def inside(self, block: Block) -> list[Pod]:
        """The pods whose address a block holds, without those of the host network."""
        number, bits = self.matrix.classes.blocks[block], 0
        for one, look in enumerate(self.matrix.classes.looks):
            if look.blocks >> number & 1 and look.families and not look.host:
                bits |= 1 << one
        return self.pods(bits)

    def destinations(self, policy: Policy, rule: Rule, direction: str) -> Sequence[Pod]:
        """The pods whose ports a rule means: those the policy selects, or those an egress rule's peers are."""
        if direction == INGRESS:
            return self.workloads(self.subjects(policy))
        bits = 0
        for peer in rule.peers:
            if peer.block is None:
                bits |= self.peer(peer, policy)
        return self.workloads(bits)

    def served(self, pod: Pod) -> set[tuple[str, int]]:
        """The (protocol, port) pairs that a pod declares or gets from a Service."""
        known = self._served.get(pod)
        if known is None:
            known = self._served[pod] = served(pod, self.services(pod.namespace))
        return known

    @cached_property
    def _served(self) -> dict[Pod, set[tuple[str, int]]]:
        return {}

    @cached_property
    def _services(self) -> dict[str, list[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.world.services:
            found.setdefault(service.namespace, []).append(service)
        return found

    def services(self, namespace: str) -> list[Service]:
        return self._services.get(namespace, [])

    @cached_property
    def namespaces(self) -> dict[str, Mapping[str, str]]:
        """The known namespaces, and those that every cluster has."""
        system = {name: {NAMESPACE_NAME_LABEL: name} for name in sorted(SYSTEM | {"default"})}
        return {**system, **self.world.namespaces}

    def isolated(self, pod_class: int, direction: str) -> bool:
        return self.matrix.tables[0].isolated(pod_class, direction)

    def rules(self) -> Iterator[tuple[Policy, str, Rule]]:
        """Every rule that counts, with its policy and direction."""
        for policy in self.world.policies:
            for direction in (INGRESS, EGRESS):
                for rule in policy.rules(direction) or ():
                    yield policy, direction, rule

    def peers(self) -> Iterator[tuple[Policy, str, Rule, int, Peer]]:
        for policy, direction, rule in self.rules():
            for number, peer in enumerate(rule.peers):
                yield policy, direction, rule, number, peer

    def near_labels(self, selector: Selector, namespace: str | None) -> str:
        """The label that a selector which matches nothing may mean, such as `app=frontend`; may be empty."""
        pods = [pod for pod in self.world.pods if namespace in (None, pod.namespace)]
        return near_label(selector, [pod.labels for pod in pods])

    def near_namespace(self, selector: Selector) -> str:
        return near_label(selector, list(self.namespaces.values()))


def near_label(selector: Selector, known: Sequence[Mapping[str, str]]) -> str:
    """The known label nearest to the first requirement that no known labels meet."""
    labels = list({id(entry): entry for entry in known}.values())
    for requirement in selector.requirements:
        key, operator, values = requirement
        if operator not in ("In", "Exists") or any(holds(requirement, entry) for entry in labels):
            continue
        of_key = sorted({entry[key] for entry in labels if key in entry})
        for value in sorted(values):
            if of_key:
                near = nearest(value, of_key) or [other for other in of_key if value and value in other][:1]
                if near:
                    return f"{key}={near[0]}"
            for entry in labels:
                for other, having in entry.items():
                    if having == value and other != NAMESPACE_NAME_LABEL:
                        return f"{other}={having}"
        keys = sorted({other for entry in labels for other in entry})
        near = nearest(key, keys)
        if near and near[0] != key:
            return near[0]
    return ""


def report(rule: str, severity: str, policy: Policy, path: str, sentence: str, mend: str) -> Finding:
    return finding(rule, severity, policy.source, path, policy.key, sentence, mend)
