"""Address families: of pods that have one, both or none that is known, and of blocks of either."""

from itertools import chain, combinations, product
from typing import Any

import pytest

from helpers.policies import World

from . import reference

ADDRESSES = {"v4": ["10.1.0.{}"], "v6": ["fd00::{}"], "both": ["10.1.0.{}", "fd00::{}"], "none": []}
BLOCKS = ("::/0", "0.0.0.0/0", "fd00::/64", "10.1.0.0/16")
SETS = [*chain.from_iterable(combinations(BLOCKS, size) for size in range(3))]


def pod(name: str, family: str, number: int) -> dict[str, Any]:
    addresses = [{"ip": text.format(number)} for text in ADDRESSES[family]]
    status = {"podIP": addresses[0]["ip"], "podIPs": addresses} if addresses else {}
    metadata = {"name": name, "namespace": "d", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": status}


def by_blocks(side: str, selected: str, blocks: tuple[str, ...]) -> dict[str, Any]:
    rules = [{{"ingress": "from", "egress": "to"}[side]: [{"ipBlock": {"cidr": block}} for block in blocks]}]
    spec = {"podSelector": {"matchLabels": {"app": selected}}, "policyTypes": [side.capitalize()], side: rules}
    metadata = {"name": "by-blocks", "namespace": "d"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(("source", "target"), [*product(ADDRESSES, repeat=2)])
def test_one_connection_and_the_matrix_say_the_same(source: str, target: str) -> None:
    """A pod whose address isn't known may have one of either family, in the matrix too."""
    for blocks, (side, selected), third in product(SETS, (("ingress", "b"), ("egress", "a")), ADDRESSES):
        pods = [pod("a", source, 1), pod("b", target, 2), pod("c", third, 3)]
        objects = [*pods, by_blocks(side, selected, blocks)]
        world = World.of(objects)
        expected = reference.allowed(objects, "d/a", "d/b", 80, "TCP")
        assert world.judge("d/a", "d/b", 80, "TCP").allowed is expected, (blocks, side, third)
        assert world.matrix(by="pod").allows("d/a", "d/b", 80, "TCP") is expected, (blocks, side, third)
