"""Policies written from arrows, in two styles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from helpers.policies.application.arrows import Arrow
from helpers.policies.model import Workload
from helpers.policies.wording import listed, short
from helpers.policies.world import World
from helpers.policies.writing.peers import Peers

Json = dict[str, Any]


class Draft:
    """The arrows of some namespaces, ready to be written as policies in either style.

    `covered` are the workloads that the policies hold: those of the namespaces that have an arrow; with `unknown`,
    those too of which nothing was found. `whole` are the namespaces that a default deny may hold as a whole. Left out
    are the `unknown` ones, and the `inseparable` ones that no label tells from those.
    """

    def __init__(
        self,
        world: World,
        arrows: Sequence[Arrow],
        namespaces: Iterable[str],
        *,
        ingress: bool,
        egress: bool,
        dns: bool,
        unknown: bool,
        unread: Callable[[str], bool],
    ) -> None:
        self.world, self.peers = world, Peers(world)
        self.ingress, self.egress, self.dns = ingress, egress, dns and egress
        self.namespaces = frozenset(namespaces)
        ends = {end for arrow in arrows for end in (arrow.source, arrow.target)}
        mine = [
            one
            for one in world.workloads.values()
            if one.namespace in self.namespaces and not one.pods[0].host_network and one.key not in self.peers.dns
        ]
        self.covered: dict[str, Workload] = {one.key: one for one in mine if unknown or one.key in ends}
        self.unknown = tuple(one.key for one in mine if one.key not in self.covered)
        partly = {world.workloads[key].namespace for key in (*self.unknown, *self.peers.dns)}
        partly |= {space for space in self.namespaces if not unknown and unread(space)}
        self.whole = sorted({one.namespace for one in self.covered.values()} - partly)
        self.inseparable = self._uncover_inseparable()
        self.arrows = [one for one in arrows if one.source in self.covered or one.target in self.covered]
        self._pairs: dict[tuple[str, str], list[Arrow]] = {}
        for arrow in self.arrows:
            self._pairs.setdefault((arrow.source, arrow.target), []).append(arrow)
        self._names: set[tuple[str, str]] = set()

    def _uncover_inseparable(self) -> tuple[str, ...]:
        """Leave out the workloads that policies can't hold without holding one that is not to be held."""
        left: list[str] = []
        while True:
            found = [
                key
                for key, one in self.covered.items()
                if one.namespace not in self.whole
                and not (
                    self.peers.labels[key]
                    and self.peers.labels.meant(self.peers.labels[key], one.namespace) <= self.covered.keys()
                )
            ]
            if not found:
                return tuple(left)
            left += found
            self.covered = {key: one for key, one in self.covered.items() if key not in found}

    def from_elsewhere(self) -> Iterator[Arrow]:
        """The arrows to covered workloads whose caller is no pod and no address of the input."""
        return (
            one
            for one in self.arrows
            if self.ingress and one.target in self.covered and not self.peers.knows(one.source)
        )

    def to_elsewhere(self) -> Iterator[Arrow]:
        """The arrows from covered workloads to what is no pod and no address of the input."""
        return (
            one
            for one in self.arrows
            if self.egress and one.source in self.covered and not self.peers.knows(one.target)
        )

    @property
    def notes(self) -> list[str]:
        """What the reader must know of the workloads that policies can't hold, or can't tell apart."""
        hosts = [
            short(one.key)
            for one in self.world.workloads.values()
            if one.pods[0].host_network and one.namespace in self.namespaces
        ]
        found = (
            [
                f"{listed(hosts)} {'uses its' if len(hosts) == 1 else 'use their'} node's network, so no policy can "
                f"hold {'it' if len(hosts) == 1 else 'them'}."
            ]
            if hosts
            else []
        )
        return [*found, *self.peers.labels.notes]

    def by_arrow(self) -> list[Json]:
        """One policy an arrow, over a default deny of each namespace or of its known workloads."""
        policies = [
            self._policy(space, name, labels, [] if self.ingress else None, [] if self.egress else None)
            for space, name, labels in self._held("default-deny")
        ]
        if self.dns:
            policies += [
                self._policy(space, name, labels, None, [self.peers.dns_rule])
                for space, name, labels in self._held("allow-dns")
            ]
        for (source, target), arrows in self._pairs.items():
            if self.ingress and target in self.covered:
                space = self.covered[target].namespace
                caller = "members" if source == target else self.peers.name(source, space)
                policies.append(
                    self._policy(
                        space,
                        f"{self.peers.name(target, space)}-allow-{caller}",
                        self.peers.labels[target],
                        [self._rule("from", source, arrows, space)],
                        None,
                    )
                )
            if self.egress and source in self.covered:
                space = self.covered[source].namespace
                called = "members" if source == target else self.peers.name(target, space)
                policies.append(
                    self._policy(
                        space,
                        f"{self.peers.name(source, space)}-to-{called}",
                        self.peers.labels[source],
                        None,
                        [self._rule("to", target, arrows, space)],
                    )
                )
        return policies

    def by_workload(self) -> list[Json]:
        """One policy a workload, which denies all but its arrows."""
        incoming: dict[str, list[Json]] = {key: [] for key in self.covered}
        outgoing: dict[str, list[Json]] = {key: [] for key in self.covered}
        for (source, target), arrows in self._pairs.items():
            if target in incoming:
                incoming[target].append(self._rule("from", source, arrows, self.covered[target].namespace))
            if source in outgoing:
                outgoing[source].append(self._rule("to", target, arrows, self.covered[source].namespace))
        dns = [self.peers.dns_rule] if self.dns else []
        return [
            self._policy(
                one.namespace,
                one.name,
                self.peers.labels[key],
                incoming[key] if self.ingress else None,
                outgoing[key] + dns if self.egress else None,
            )
            for key, one in self.covered.items()
        ]

    def _held(self, name: str) -> list[tuple[str, str, Mapping[str, str]]]:
        """(namespace, policy's name, labels) by which a policy for all covered workloads holds them."""
        found: list[tuple[str, str, Mapping[str, str]]] = [(space, name, {}) for space in self.whole]
        return found + [
            (one.namespace, f"{self.peers.name(key, one.namespace)}-{name}", self.peers.labels[key])
            for key, one in self.covered.items()
            if one.namespace not in self.whole
        ]

    def _policy(
        self,
        namespace: str,
        name: str,
        labels: Mapping[str, str],
        ingress: list[Json] | None,
        egress: list[Json] | None,
    ) -> Json:
        types = [kind for kind, rules in (("Ingress", ingress), ("Egress", egress)) if rules is not None]
        spec: Json = {"podSelector": {"matchLabels": dict(labels)} if labels else {}, "policyTypes": types}
        spec |= {"ingress": ingress} if ingress else {}
        spec |= {"egress": egress} if egress else {}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": self._unique(namespace, name), "namespace": namespace},
            "spec": spec,
        }

    def _unique(self, namespace: str, name: str) -> str:
        base, count = name[:240], 2
        name = base
        while (namespace, name) in self._names:
            name, count = f"{base}-{count}", count + 1
        self._names.add((namespace, name))
        return name

    def _rule(self, side: str, other: str, arrows: Sequence[Arrow], namespace: str) -> Json:
        """A rule for the arrows between two ends."""
        ports = sorted({(arrow.protocol, arrow.port) for arrow in arrows}, key=lambda port: (port[1], port[0]))
        return {
            side: self.peers.of(other, namespace),
            "ports": [{"protocol": protocol, "port": port} for protocol, port in ports],
        }
