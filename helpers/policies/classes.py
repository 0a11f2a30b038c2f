"""Classes of pods that no policy can tell apart, and of outside addresses likewise.

Everything after this works on classes, so its cost depends on the policies and not on the number of pods. Each
class is one bit; outside classes follow the pods' classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.policies.addresses import Block
from helpers.policies.bits import Bits, from_members, members
from helpers.policies.model import NAMESPACE_NAME_LABEL, Peer, Pod, Policy, Rule
from helpers.policies.regions import Range, Regions, masks_of
from helpers.policies.selectors import EVERYTHING, Selector

PortName = tuple[str, str]
"""(protocol, name) of a named port that some rule uses."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What policies can see of a pod. Equal looks, equal treatment."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[tuple[PortName, int], ...]
    blocks: Bits
    families: tuple[int, ...]
    host: bool
    node: str


@dataclass(slots=True)
class Vocabulary:
    """What the policies speak of: label keys with values, port names, blocks."""

    labels: dict[str, set[str]] = field(default_factory=dict)
    names: set[PortName] = field(default_factory=set)
    blocks: dict[Block, int] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Vocabulary:
        found = cls()
        for policy in policies:
            found._selector(policy.pods)
            for rule in rules(policy):
                found.names.update((port.protocol, port.name) for port in rule.ports if port.name)
                for peer in rule.peers:
                    if peer.block is not None:
                        found.blocks.setdefault(peer.block, len(found.blocks))
                    else:
                        found._selector(peer.pods)
        return found

    def _selector(self, selector: Selector) -> None:
        for key, _, values in selector.requirements:
            self.labels.setdefault(key, set()).update(values)


def rules(policy: Policy) -> Iterator[Rule]:
    yield from policy.ingress or ()
    yield from policy.egress or ()


def looks(pods: Sequence[Pod], words: Vocabulary, regions: dict[int, Regions]) -> tuple[list[Look], list[int]]:
    """The distinct looks, and for each pod the number of its look."""
    keys = tuple(words.labels)
    host_nodes = {pod.node for pod in pods if pod.host_network and pod.node}
    everything = from_members((i for b, i in words.blocks.items() if b.everything and b.version == 4),
                              len(words.blocks))
    found: dict[object, int] = {}
    distinct: list[Look] = []
    numbers: list[int] = []
    for pod in pods:
        labels = pod.labels
        values = tuple(map(labels.get, keys)) if len(keys) < 9 else _chosen(labels, words.labels)
        addresses = pod.parsed_addresses
        key = (
            pod.namespace, values, pod.ports if words.names else (),
            (masks_of(addresses, regions) if addresses else everything) if words.blocks else 0,
            tuple([family for family, _ in addresses]) if addresses else (),
            pod.host_network, pod.node if host_nodes and pod.node in host_nodes else "",
        )
        number = found.get(key)
        if number is None:
            look = _look(pod, words, key[3], key[4], key[6])
            same = (look.namespace, look.labels, look.ports, *key[3:])
            number = found.setdefault(same, len(distinct))
            if number == len(distinct):
                distinct.append(look)
            found[key] = number
        numbers.append(number)
    return distinct, numbers


def _chosen(labels: Mapping[str, str], keys: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted([(key, value) for key, value in labels.items() if key in keys]))


_OTHER = "\0other"
"""Stands for every label value that no selector mentions."""


def _look(pod: Pod, words: Vocabulary, blocks: Bits, families: tuple[int, ...], node: str) -> Look:
    labels = tuple((key, value if value in words.labels[key] else _OTHER)
                   for key, value in _chosen(pod.labels, words.labels))
    ports = {((port.protocol, port.name), port.number) for port in pod.ports
             if (port.protocol, port.name) in words.names}
    return Look(pod.namespace, labels, tuple(sorted(ports)), blocks, tuple(sorted(set(families))),
                pod.host_network, node)


class Index:
    """Looks by namespace and label, to turn selectors and peers into bit sets of looks."""

    def __init__(self, all_looks: Sequence[Look], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self.size = len(all_looks)
        self.everyone: Bits = (1 << self.size) - 1
        lists: dict[str, dict[str, list[int]]] = {}
        spaces: dict[str, list[int]] = {}
        for number, look in enumerate(all_looks):
            if not look.host:
                spaces.setdefault(look.namespace, []).append(number)
                for key, value in look.labels:
                    lists.setdefault(key, {}).setdefault(value, []).append(number)
        self._values = {key: {value: from_members(found, self.size) for value, found in values.items()}
                        for key, values in lists.items()}
        self._spaces = {name: from_members(found, self.size) for name, found in spaces.items()}
        self._labels = {name: namespaces.get(name) or {NAMESPACE_NAME_LABEL: name} for name in spaces}
        self.selectable: Bits = 0
        for bits in self._spaces.values():
            self.selectable |= bits
        self._selected: dict[Selector, Bits] = {EVERYTHING: self.selectable}
        self._namespaces: dict[Selector, Bits] = {EVERYTHING: self.selectable}

    def subjects(self, policy: Policy) -> Bits:
        """The looks that a policy selects."""
        return self._spaces.get(policy.namespace, 0) & self.selected(policy.pods)

    def peer(self, peer: Peer, namespace: str) -> Bits:
        """The looks that a peer without ipBlock means."""
        inside = self._spaces.get(namespace, 0) if peer.namespaces is None else self._in_namespaces(peer.namespaces)
        return inside & self.selected(peer.pods) if inside else 0

    def selected(self, selector: Selector) -> Bits:
        found = self._selected.get(selector)
        if found is None:
            found = self.selectable
            for key, operator, values in selector.requirements:
                found &= self._meeting(key, operator, values)
            self._selected[selector] = found
        return found

    def _meeting(self, key: str, operator: str, values: frozenset[str]) -> Bits:
        known, bits = self._values.get(key, {}), 0
        for value in known if operator in ("Exists", "DoesNotExist") else values:
            bits |= known.get(value, 0)
        return bits if operator in ("In", "Exists") else self.selectable & ~bits

    def _in_namespaces(self, selector: Selector) -> Bits:
        found = self._namespaces.get(selector)
        if found is None:
            found = 0
            for name, bits in self._spaces.items():
                if selector.matches(self._labels[name]):
                    found |= bits
            self._namespaces[selector] = found
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The classes of one world under one set of policies.

    `of_pod[i]` is the class of pod i; `looks[c]` represents class c. `outside[k]` are the ranges of outside
    class k, whose bit is `len(looks) + k`, and `outside_blocks[k]` the blocks that hold it.
    """

    looks: tuple[Look, ...]
    of_pod: tuple[int, ...]
    index: Index
    outside: tuple[tuple[Range, ...], ...]
    outside_blocks: tuple[Bits, ...]
    blocks: Mapping[Block, int]

    @property
    def pods(self) -> Bits:
        """All classes of pods."""
        return (1 << len(self.looks)) - 1

    @property
    def size(self) -> int:
        return len(self.looks) + len(self.outside)


def classify(pods: Sequence[Pod], namespaces: Mapping[str, Mapping[str, str]], policies: Sequence[Policy]) -> Classes:
    """Sort pods and addresses into classes."""
    words = Vocabulary.of(policies)
    blocks = list(words.blocks)
    families = {family for pod in pods for family, _ in pod.parsed_addresses}
    regions = {version: Regions(version, blocks) for version in (4, 6)}
    distinct, of_pod = looks(pods, words, regions)
    if not families or any(not look.families for look in distinct):
        families |= {4} | {block.version for block in blocks}
    merged = _merge(distinct, Index(distinct, namespaces), policies)
    representatives: list[Look] = []
    for look, number in zip(distinct, merged, strict=True):
        if number == len(representatives):
            representatives.append(look)
    outside = [(mask, ranges) for version in sorted(families) for mask, ranges in regions[version].outside().items()]
    return Classes(
        tuple(representatives), tuple([merged[number] for number in of_pod]), Index(representatives, namespaces),
        tuple(tuple(ranges) for _, ranges in outside), tuple(mask for mask, _ in outside), words.blocks,
    )


def _merge(distinct: Sequence[Look], index: Index, policies: Sequence[Policy]) -> list[int]:
    """For each look the number of its class: looks in just the same sets of all policies are one class."""
    sets: dict[Bits, None] = {}
    for policy in policies:
        sets[index.subjects(policy)] = None
        for rule in rules(policy):
            for peer in rule.peers:
                if peer.block is None:
                    sets[index.peer(peer, policy.namespace)] = None
    seen_by: list[list[int]] = [[] for _ in distinct]
    for number, bits in enumerate(sets):
        for look in members(bits):
            seen_by[look].append(number)
    classes: dict[object, int] = {}
    return [classes.setdefault((tuple(seen), look.ports, look.blocks, look.families, look.host, look.node),
                               len(classes))
            for look, seen in zip(distinct, seen_by, strict=True)]
