"""What policies can see of a pod: pods with equal looks are treated alike, however many they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.policies.model import Pod, Policy, Rule
from helpers.policies.model.addresses import Block
from helpers.policies.model.bits import Bits, from_members
from helpers.policies.model.regions import Regions, masks_of
from helpers.policies.model.selectors import Selector

PortName = tuple[str, str]
"""(protocol, name) of a named port that some rule uses."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What policies can see of a pod; `blocks` are the ipBlocks (bits by number) that hold its address."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[tuple[PortName, int], ...]
    blocks: Bits
    families: tuple[int, ...]
    host: bool
    node: str


@dataclass(slots=True)
class Vocabulary:
    """What the policies speak of: label keys with values, port names, blocks with their numbers."""

    labels: dict[str, set[str]] = field(default_factory=dict)
    names: set[PortName] = field(default_factory=set)
    blocks: dict[Block, int] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Vocabulary:
        found = cls()
        selectors: dict[Selector, None] = {}
        for policy in policies:
            selectors[policy.pods] = None
            for rule in rules(policy):
                for port in rule.ports:
                    if port.name:
                        found.names.add((port.protocol, port.name))
                for peer in rule.peers:
                    if peer.block is not None:
                        found.blocks.setdefault(peer.block, len(found.blocks))
                    else:
                        selectors[peer.pods] = None
        for selector in selectors:
            for key, _, values in selector.requirements:
                found.labels.setdefault(key, set()).update(values)
        return found

    def frozen(self) -> object:
        """A value that is equal for equal vocabularies."""
        labels = frozenset((key, frozenset(values)) for key, values in self.labels.items())
        return labels, frozenset(self.names), tuple(self.blocks)


def rules(policy: Policy) -> Iterator[Rule]:
    yield from policy.ingress or ()
    yield from policy.egress or ()


def looks(pods: Sequence[Pod], words: Vocabulary, regions: dict[int, Regions]) -> tuple[list[Look], list[int]]:
    """The distinct looks, and for each pod the number of its look."""
    keys = tuple(words.labels)
    host_nodes = {pod.node for pod in pods if pod.host_network and pod.node}
    everything = from_members((i for b, i in words.blocks.items() if b.everything), len(words.blocks))
    found: dict[object, int] = {}
    distinct: list[Look] = []
    numbers: list[int] = []
    for pod in pods:
        labels = pod.labels
        values = tuple(map(labels.get, keys)) if len(keys) < 9 else _chosen(labels, words.labels)
        addresses = pod.parsed_addresses
        key = (
            pod.namespace,
            values,
            pod.ports if words.names else (),
            (masks_of(addresses, regions) if addresses else everything) if words.blocks else 0,
            tuple([family for family, _ in addresses]) if addresses else (),
            pod.host_network,
            pod.node if host_nodes and pod.node in host_nodes else "",
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
    labels = tuple(
        (key, value if value in words.labels[key] else _OTHER) for key, value in _chosen(pod.labels, words.labels)
    )
    ports = {
        ((port.protocol, port.name), port.number) for port in pod.ports if (port.protocol, port.name) in words.names
    }
    return Look(
        pod.namespace, labels, tuple(sorted(ports)), blocks, tuple(sorted(set(families))), pod.host_network, node
    )
