"""The networks in which pods have their addresses: what an `ipBlock` for the world outside has to leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from helpers.policies.application.fields import at, strings
from helpers.policies.model.addresses import NotAnAddress, format_address, parse_cidr
from helpers.policies.wording import listed
from helpers.policies.world import World

_CALICO = ("crd.projectcalico.org/", "projectcalico.org/")


@dataclass(frozen=True)
class Networks:
    """Blocks of addresses, sorted, and by what they are known; both are empty where nothing is."""

    blocks: tuple[str, ...] = ()
    evidence: str = ""


def pod_networks(world: World) -> Networks:
    """The pods' networks: as Calico's pools say, else the nodes; and what lies around addresses in none of them."""
    declared, evidence = _pools(world), "Calico's IPPools"
    if not declared:
        declared, evidence = _of_nodes(world), "the nodes' podCIDRs"
    around = sorted({_around(*address) for address in _observed(world) if not _inside(address, declared)})
    said = [evidence] * bool(declared) + ["the pods' addresses"] * bool(around)
    return Networks(tuple(sorted({*declared, *around})), listed(said))


def _pools(world: World) -> list[str]:
    return _sound(
        str(at(item, "spec", "cidr") or "")
        for item in world.objects
        if item.get("kind") == "IPPool"
        and str(item.get("apiVersion")).startswith(_CALICO)
        and not at(item, "spec", "disabled")
    )


def _of_nodes(world: World) -> list[str]:
    return _sound(
        block
        for item in world.objects
        if item.get("kind") == "Node"
        for block in strings(item, "spec", "podCIDRs") or [str(at(item, "spec", "podCIDR") or "")]
    )


def _sound(blocks: Iterable[str]) -> list[str]:
    """Those that are blocks of addresses."""
    found = []
    for block in blocks:
        try:
            parse_cidr(block)
        except NotAnAddress:
            continue
        found.append(block)
    return found


def _observed(world: World) -> Iterator[tuple[int, int]]:
    return (address for pod in world.pods if not pod.host_network for address in pod.parsed_addresses)


def _inside(address: tuple[int, int], blocks: Iterable[str]) -> bool:
    version, value = address
    return any(family == version and low <= value <= high for family, low, high in map(parse_cidr, blocks))


def _around(version: int, value: int) -> str:
    """The network that a pod's address most likely lies in: 16 of 32 bits, 64 of 128."""
    bits, kept = (32, 16) if version == 4 else (128, 64)
    return f"{format_address(version, value >> (bits - kept) << (bits - kept))}/{kept}"
