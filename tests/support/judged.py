"""Two worlds judged connection by connection, over every end and port that either of them speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies import Pod, World
from helpers.policies.model import EGRESS, INGRESS

ADDRESSES = (
    "203.0.113.7",
    "203.0.113.8",
    "203.0.112.9",
    "10.0.0.99",
    "169.254.169.254",
    "169.254.20.10",
    "172.18.0.2",
    "172.18.0.3",
)


def opened_and_closed(before: World, after: World) -> tuple[set[str], set[str], set[str]]:
    """What only the second world allows, what only the first does, and what both do, as `web → db TCP 5432`."""
    ports = sorted({*_ports(before), *_ports(after)})
    was, now = _allowed(before, ports), _allowed(after, ports)
    return now - was, was - now, was & now


def _ports(world: World) -> Iterator[tuple[str, int]]:
    yield from (("UDP", 53), ("TCP", 53), ("TCP", 80))
    yield from ((port.protocol, port.number) for pod in world.pods for port in pod.ports)
    for policy in world.policies:
        for direction in (INGRESS, EGRESS):
            yield from (
                (port.protocol, number)
                for rule in policy.rules(direction) or ()
                for port in rule.ports
                if not port.name
                for number in (port.first, port.last)
            )


def _allowed(world: World, ports: list[tuple[str, int]]) -> set[str]:
    ends: list[Pod | str] = [*(workload.pods[0] for workload in world.workloads.values()), *ADDRESSES]
    pairs = [
        (one, other)
        for one in ends
        for other in ends
        if one is not other and not (isinstance(one, str) and isinstance(other, str))
    ]
    pairs += [workload.two() for workload in world.workloads.values() if workload.several]
    return {
        f"{_name(one)} → {_name(other)} {protocol} {port}"
        for one, other in pairs
        for protocol, port in ports
        if world.judge(one, other, port, protocol)
    }


def _name(end: Pod | str) -> str:
    return end if isinstance(end, str) else end.workload.partition("/")[2]
