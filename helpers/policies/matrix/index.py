"""Looks by namespace and label, to turn selectors and peers into bit sets of looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from helpers.policies.matrix.looks import Look, rules
from helpers.policies.model import Namespaces, Peer, Policy, labels_of_namespace
from helpers.policies.model.bits import Bits, from_members
from helpers.policies.model.selectors import EVERYTHING, Selector

_MOST_KEPT = 50_000


class Meaning(NamedTuple):
    """What one policy means: the looks that it selects, and those of each peer (None for a block) by rule."""

    subjects: Bits
    peers: tuple[tuple[Bits | None, ...], ...]


class Index:
    """Answers which looks a selector, a peer or a policy means; remembers what it was asked."""

    def __init__(self, all_looks: Sequence[Look], namespaces: Namespaces) -> None:
        self.size = len(all_looks)
        lists: dict[str, dict[str, list[int]]] = {}
        spaces: dict[str, list[int]] = {}
        for number, look in enumerate(all_looks):
            if not look.host:
                spaces.setdefault(look.namespace, []).append(number)
                for key, value in look.labels:
                    lists.setdefault(key, {}).setdefault(value, []).append(number)
        self._values = {
            key: {value: from_members(found, self.size) for value, found in values.items()}
            for key, values in lists.items()
        }
        self._spaces = {name: from_members(found, self.size) for name, found in spaces.items()}
        self._labels = {name: labels_of_namespace(name, namespaces) for name in spaces}
        self.selectable: Bits = 0
        for bits in self._spaces.values():
            self.selectable |= bits
        self._selected: dict[Selector, Bits] = {EVERYTHING: self.selectable}
        self._namespaces: dict[Selector, Bits] = {EVERYTHING: self.selectable}
        self._meanings: dict[Policy, Meaning] = {}

    def meaning(self, policy: Policy) -> Meaning:
        found = self._meanings.get(policy)
        if found is None:
            if len(self._meanings) > _MOST_KEPT:
                self._meanings.clear()
            found = self._meanings[policy] = Meaning(
                self._subjects(policy),
                tuple(
                    [
                        tuple(
                            [
                                None if peer.block is not None else self.peer(peer, policy.namespace)
                                for peer in rule.peers
                            ]
                        )
                        for rule in rules(policy)
                    ]
                ),
            )
        return found

    def _subjects(self, policy: Policy) -> Bits:
        inside = (
            self._in_namespaces(policy.namespaces)
            if policy.namespace is None
            else self._spaces.get(policy.namespace, 0)
        )
        return inside & self.selected(policy.pods)

    def peer(self, peer: Peer, namespace: str | None) -> Bits:
        """The looks that a peer without ipBlock means in a policy of a namespace."""
        inside = (
            self._spaces.get(namespace or "", 0) if peer.namespaces is None else self._in_namespaces(peer.namespaces)
        )
        return inside & self.selected(peer.pods) if inside else 0

    def selected(self, selector: Selector) -> Bits:
        """The looks of all namespaces that a pod selector fits."""
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
