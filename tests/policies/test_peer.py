"""The matrix equals network-config-analyzer's, where both define the answer.

Left out, because the peer doesn't model them: pods' own addresses in ipBlocks, host-network pods, IPv6. And because
it gets them wrong: Exists and DoesNotExist in a podSelector beside a namespaceSelector, which it looks up in the
policy's own namespace alone, and an empty `matchLabels`.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from helpers.policies import World

from . import nca
from .worlds import KEYS, NUMBERS, PORT_NAMES, PROTOCOLS, SPACES, VALUES

pytestmark = pytest.mark.skipif(nca.python() is None, reason="network-config-analyzer is not installed (NCA_VENV)")

CIDRS = (("10.0.0.0/8", ("10.0.0.0/16", "10.255.0.0/16")), ("192.168.0.0/16", ()), ("8.8.8.0/24", ("8.8.8.8/32",)))
TEAMS = ("red", "blue")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Maker:
    """Random worlds of what the peer models too."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def labels(self, most: int = 3) -> dict[str, str]:
        return {self.chance.choice(KEYS): self.chance.choice(VALUES) for _ in range(self.chance.randint(0, most))}

    def selector(self, operators: tuple[str, ...] = OPERATORS) -> dict[str, Any]:
        labels = self.labels(1)
        selector: dict[str, Any] = {"matchLabels": labels} if labels else {}
        if self.chance.random() < 0.5:
            operator = self.chance.choice(operators)
            expression: dict[str, Any] = {"key": self.chance.choice(KEYS), "operator": operator}
            if operator in ("In", "NotIn"):
                expression["values"] = self.chance.sample(VALUES, 2)
            selector["matchExpressions"] = [expression]
        return selector

    def peer(self) -> dict[str, Any]:
        kind = self.chance.randrange(5)
        if kind == 0:
            cidr, holes = self.chance.choice(CIDRS)
            return {"ipBlock": {"cidr": cidr, "except": list(holes)} if holes else {"cidr": cidr}}
        space = self.chance.choice(
            (
                {},
                {"matchLabels": {"team": self.chance.choice(TEAMS)}},
                {"matchLabels": {"kubernetes.io/metadata.name": self.chance.choice(SPACES)}},
            )
        )
        return {
            **({"namespaceSelector": space} if kind > 2 else {}),
            **({"podSelector": self.selector(OPERATORS[:2] if kind > 2 else OPERATORS)} if kind < 4 else {}),
        }

    def port(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"protocol": self.chance.choice(PROTOCOLS)} if self.chance.random() < 0.5 else {}
        if self.chance.random() < 0.9:
            entry["port"] = self.chance.choice(NUMBERS)
            if self.chance.random() < 0.3:
                entry["endPort"] = min(65535, entry["port"] + 9)
        return entry or {"protocol": "UDP"}

    def rules(self, side: str) -> list[dict[str, Any]]:
        made = []
        for _ in range(self.chance.randint(0, 2)):
            rule: dict[str, Any] = {}
            if self.chance.random() < 0.8:
                rule[side] = [self.peer() for _ in range(self.chance.randint(1, 2))]
            if self.chance.random() < 0.7:
                rule["ports"] = [self.port() for _ in range(self.chance.randint(1, 2))]
            made.append(rule)
        return made

    def world(self) -> list[Any]:
        made: list[Any] = [
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {
                    "name": name,
                    "labels": {"kubernetes.io/metadata.name": name, "team": self.chance.choice(TEAMS)},
                },
            }
            for name in SPACES
        ]
        for number in range(self.chance.randint(2, 6)):
            ports = [{"containerPort": self.chance.choice(NUMBERS), "name": self.chance.choice(PORT_NAMES)}]
            made.append(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {
                        "name": f"pod{number}",
                        "namespace": self.chance.choice(SPACES),
                        "labels": self.labels(),
                    },
                    "spec": {"containers": [{"name": "main", "image": "x", "ports": ports}]},
                }
            )
        for number in range(self.chance.randint(1, 5)):
            types = self.chance.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
            spec: dict[str, Any] = {"podSelector": self.selector(), "policyTypes": types}
            spec |= {
                kind.lower(): self.rules(side)
                for kind, side in (("Ingress", "from"), ("Egress", "to"))
                if kind in types
            }
            made.append(
                {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "NetworkPolicy",
                    "spec": spec,
                    "metadata": {"name": f"policy{number}", "namespace": self.chance.choice(SPACES)},
                }
            )
        return made


def ours(objects: list[Any]) -> nca.Pairs:
    return {(line.source, line.target): line.spans for line in World.of(objects).matrix("pod")}


def check(seeds: range) -> None:
    batch = [Maker(seed).world() for seed in seeds]
    answers, _ = nca.run(batch)
    for seed, objects, theirs in zip(seeds, batch, answers, strict=True):
        others = {pair: spans for pair, spans in theirs.items() if pair[0] != pair[1]}
        assert not nca.unequal(ours(objects), others), f"seed {seed}"


def test_the_matrix_equals_the_peers() -> None:
    check(range(40))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_matrix_equals_the_peers_in_many_worlds() -> None:
    check(range(1000, 1000 + int(os.environ.get("PEER_WORLDS", "600"))))
