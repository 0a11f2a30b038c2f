"""Clusters for the benchmarks, made from a seed: pods with the labels of real ones, policies of every kind."""

from __future__ import annotations

import random
from typing import Any

Object = dict[str, Any]

PORTS = (80, 443, 3000, 5000, 5432, 6379, 8080, 9090, 9092, 50051)
BLOCKS = (
    ("10.0.0.0/8", ()),
    ("172.16.0.0/12", ()),
    ("192.168.0.0/16", ("192.168.7.0/24",)),
    ("203.0.113.0/24", ()),
    ("198.51.100.0/24", ("198.51.100.64/26",)),
)


def world(pods: int, policies: int, namespaces: int = 5, seed: int = 1, addresses: bool = False) -> list[Object]:
    """Namespaces, Pods and NetworkPolicies as objects; the same arguments give the same world."""
    chance = random.Random(seed)
    spaces = [f"ns{number}" for number in range(namespaces)]
    apps = max(4, min(40, pods // namespaces // 4))
    made: list[Object] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/metadata.name": name, "team": ("red", "blue", "green")[number % 3]},
            },
        }
        for number, name in enumerate(spaces)
    ]
    made += [_pod(chance, number, spaces[number % namespaces], apps, addresses) for number in range(pods)]
    made += [_policy(chance, number, spaces[number % namespaces], apps, spaces) for number in range(policies)]
    return made


def _pod(chance: random.Random, number: int, namespace: str, apps: int, addresses: bool) -> Object:
    app = chance.randrange(apps)
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"app{app}-{number:06d}",
            "namespace": namespace,
            "labels": {
                "app": f"app{app}",
                "tier": ("web", "logic", "data")[app % 3],
                "release": chance.choice(("stable", "stable", "canary")),
                "pod-template-hash": f"{app:x}f{number % 7}",
                "instance": f"i{number}",
            },
        },
        "spec": {
            "containers": [
                {
                    "name": "main",
                    "image": "example.org/app",
                    "ports": [{"name": "main", "containerPort": PORTS[app % len(PORTS)]}],
                }
            ]
        },
    }
    if addresses:
        value = number + 1
        pod["status"] = {"phase": "Running", "podIP": f"10.{64 + (value >> 16)}.{value >> 8 & 255}.{value & 255}"}
    return pod


def _policy(chance: random.Random, number: int, namespace: str, apps: int, spaces: list[str]) -> Object:
    spec: Object = {"podSelector": _selector(chance, apps)}
    kind = chance.random()
    if kind < 0.05:
        spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    elif kind < 0.8:
        spec["ingress"] = [_rule(chance, "from", apps, spaces) for _ in range(chance.randint(1, 2))]
        spec["policyTypes"] = ["Ingress"]
    else:
        spec["egress"] = [_rule(chance, "to", apps, spaces) for _ in range(chance.randint(1, 2))]
        spec["policyTypes"] = ["Egress"]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"policy{number}", "namespace": namespace},
        "spec": spec,
    }


def _selector(chance: random.Random, apps: int) -> Object:
    if chance.random() < 0.1:
        return {"matchExpressions": [{"key": "tier", "operator": chance.choice(("In", "NotIn")), "values": ["data"]}]}
    labels = {"app": f"app{chance.randrange(apps)}"}
    if chance.random() < 0.15:
        labels["release"] = "canary"
    return {"matchLabels": labels}


def _rule(chance: random.Random, side: str, apps: int, spaces: list[str]) -> Object:
    rule: Object = {side: [_peer(chance, apps, spaces) for _ in range(chance.randint(1, 2))]}
    if chance.random() < 0.9:
        rule["ports"] = [_port(chance) for _ in range(chance.randint(1, 2))]
    return rule


def _peer(chance: random.Random, apps: int, spaces: list[str]) -> Object:
    kind = chance.random()
    if kind < 0.55:
        return {"podSelector": _selector(chance, apps)}
    if kind < 0.8:
        return {
            "podSelector": _selector(chance, apps),
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chance.choice(spaces)}},
        }
    if kind < 0.9:
        return {"namespaceSelector": {"matchLabels": {"team": chance.choice(("red", "blue", "green"))}}}
    cidr, holes = chance.choice(BLOCKS)
    return {"ipBlock": {"cidr": cidr, **({"except": list(holes)} if holes else {})}}


def _port(chance: random.Random) -> Object:
    kind = chance.random()
    if kind < 0.8:
        return {"protocol": "TCP", "port": chance.choice(PORTS)}
    if kind < 0.9:
        return {"protocol": "UDP", "port": 53}
    first = chance.choice(PORTS)
    return {"protocol": "TCP", "port": first, "endPort": first + chance.randint(1, 20)}
