"""How each workload and each pair of namespaces stands: what is needed, what is cut, what is open though unneeded.

All of it is counted in calls (see `reach`), and from sets of ends, so that ten thousand workloads take seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies.application.reach import Call, Reach
from helpers.policies.model.bits import Bits

ELSEWHERE = ""
"""The group of ends that are in no namespace: the world outside, addresses, an ingress controller."""


@dataclass(frozen=True, slots=True)
class Count:
    """Calls of one kind each: needed and allowed, needed and cut, allowed though nothing needs them."""

    needed: int = 0
    cut: int = 0
    open: int = 0

    def __bool__(self) -> bool:
        return bool(self.needed or self.cut or self.open)

    def as_dict(self) -> dict[str, int]:
        return {"needed": self.needed, "cut": self.cut, "open": self.open}


@dataclass(frozen=True, slots=True)
class Standing:
    """One workload: `ingress` and `egress` are the policies that isolate it, `calls_in` and `calls_out` its calls."""

    key: str
    namespace: str
    name: str
    kind: str
    pods: int
    ingress: tuple[str, ...]
    egress: tuple[str, ...]
    calls_in: Count
    calls_out: Count

    @property
    def state(self) -> str:
        """In words: "open", "isolated for ingress", "isolated for egress" or "isolated both ways"."""
        if self.ingress and self.egress:
            return "isolated both ways"
        return "isolated for ingress" if self.ingress else "isolated for egress" if self.egress else "open"

    def as_dict(self) -> dict[str, Any]:
        return {
            "workload": self.key,
            "pods": self.pods,
            "state": self.state,
            "ingress": list(self.ingress),
            "egress": list(self.egress),
            "in": self.calls_in.as_dict(),
            "out": self.calls_out.as_dict(),
        }


def group_of(end: str) -> str:
    """The namespace of an end, or ELSEWHERE."""
    return end.partition("/")[0] if "/" in end else ELSEWHERE


def standings(reach: Reach) -> tuple[Standing, ...]:
    """Every workload of a world, sorted by namespace and name."""
    ends = reach.stage.ends
    taken, made = _Tally(), Counter[str]()
    for source, doors in reach.rows.items():
        for bits in doors.values():
            taken.add(bits)
        made[source] += sum(bits.bit_count() for bits in doors.values())
    needed_in, needed_out, cut_in, cut_out = (Counter[str]() for _ in range(4))
    for call in reach.stage.needed:
        into, out = (needed_in, needed_out) if call in reach else (cut_in, cut_out)
        into[call.target] += 1
        out[call.source] += 1
    arriving = dict(zip(ends, taken.counts(len(ends)), strict=True))
    found = [
        Standing(
            key,
            one.namespace,
            one.name,
            one.kind,
            one.members,
            tuple(policy.key for policy in reach.world.isolating(one.pods[0], "ingress")),
            tuple(policy.key for policy in reach.world.isolating(one.pods[0], "egress")),
            Count(needed_in[key], cut_in[key], arriving[key] - needed_in[key]),
            Count(needed_out[key], cut_out[key], made[key] - needed_out[key]),
        )
        for key, one in reach.world.workloads.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.namespace, one.name, one.kind)))


def folded(reach: Reach) -> dict[tuple[str, str], Count]:
    """The matrix folded by namespace: (caller's, called one's) → its calls; pairs without any are left out."""
    groups = _groups(reach)
    rows: Counter[tuple[str, Bits]] = Counter()
    allowed: Counter[tuple[str, str]] = Counter()
    for source, doors in reach.rows.items():
        own, mine = group_of(source), reach.stage.bits.get(source, 0)
        for door, ends in doors.items():
            whole = ends | (mine & reach.stage.doors[door])  # alike for all that reach the same, themselves aside
            rows[own, whole] += 1
            allowed[own, own] -= whole != ends
    for (own, whole), times in rows.items():
        for name, group in groups.items():
            allowed[own, name] += times * (whole & group).bit_count()
    needed, cut = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for call in reach.stage.needed:
        (needed if call in reach else cut)[_pair(call)] += 1
    found = {
        pair: Count(needed[pair], cut[pair], allowed[pair] - needed[pair]) for pair in sorted({*allowed, *needed, *cut})
    }
    return {pair: count for pair, count in found.items() if count}


def _pair(call: Call) -> tuple[str, str]:
    return group_of(call.source), group_of(call.target)


def _groups(reach: Reach) -> Mapping[str, Bits]:
    """The ends of each namespace, sorted by its name."""
    found: dict[str, list[int]] = {}
    for number, end in enumerate(reach.stage.ends):
        found.setdefault(group_of(end), []).append(number)
    return {name: sum(1 << number for number in numbers) for name, numbers in sorted(found.items())}


class _Tally:
    """How many of the sets that were added hold each bit: a number for each, in binary, a plane for each digit."""

    def __init__(self) -> None:
        self._planes: list[Bits] = []

    def add(self, carry: Bits) -> None:
        for place, plane in enumerate(self._planes):
            if not carry:
                return
            self._planes[place], carry = plane ^ carry, plane & carry
        if carry:
            self._planes.append(carry)

    def counts(self, size: int) -> list[int]:
        """The number of each of the first `size` bits."""
        rows = [f"{plane:0{size}b}"[::-1] for plane in self._planes]
        return [sum((row[number] == "1") << place for place, row in enumerate(rows)) for number in range(size)]
