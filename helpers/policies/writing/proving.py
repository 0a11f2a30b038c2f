"""The proof of a suggestion: the matrix under its policies holds the arrows and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.policies.judging.naming import DNS_PORT, NODE_LOCAL
from helpers.policies.matrix.listing import Connection, connections
from helpers.policies.model import Pod
from helpers.policies.model.addresses import OUTSIDE, is_address, parse_address
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.model.ports import Span, spans_text, spans_without
from helpers.policies.model.regions import range_text
from helpers.policies.world import World
from helpers.policies.writing.drafting import Draft

Reach = dict[tuple[str, str], set[Span]]
"""(source, target) -> spans of ports; outside ends are ranges as the matrix writes them."""

_DNS_SPANS = {("UDP", DNS_PORT, DNS_PORT), ("TCP", DNS_PORT, DNS_PORT)}


@dataclass(frozen=True)
class Proof:
    """What the matrix lacks of the arrows (`missing`) and has beyond them (`extra`), one line each; and in sentences
    what the matrix can't show, so that nothing is proven of it (`unproven`)."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unproven: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return not self.missing and not self.extra

    @property
    def sentence(self) -> str:
        found = (
            "the matrix holds these arrows and nothing more"
            if self.exact
            else f"the matrix lacks {len(self.missing)} and has {len(self.extra)} more"
        )
        return f"{found}, as far as could be proven" if self.exact and self.unproven else found

    def as_dict(self) -> dict[str, Any]:
        return {
            "exact": self.exact,
            "missing": list(self.missing),
            "extra": list(self.extra),
            "unproven": list(self.unproven),
        }


def prove(world: World, policies: Sequence[Mapping[str, Any]], draft: Draft, unproven: Iterable[str] = ()) -> Proof:
    """Try the policies on the world, in place of those that the draft's namespaces have now."""
    kept = [policy.source for policy in world.policies if policy.namespace not in draft.namespaces]
    after = world.replace_policies([*policies, *kept])
    have = _cut(_reach(connections(after.matrix())), draft)
    want = _cut(_required(draft), draft)
    free = _permitted(want, draft)
    missing = [
        _line(pair, left)
        for pair, spans in sorted(want.items())
        if (left := spans_without(sorted(spans), sorted(have.get(pair, ()))))
    ]
    extra = [
        _line(pair, left)
        for pair, spans in sorted(have.items())
        if (left := spans_without(sorted(spans), sorted(want.get(pair, set()) | free.get(pair, set()))))
    ]
    return Proof((*missing, *_shut(after, draft)), tuple(extra), tuple(unproven))


def _line(pair: tuple[str, str], spans: tuple[Span, ...]) -> str:
    return f"{pair[0]} => {pair[1]} : {spans_text(spans)}"


def _reach(lines: Sequence[Connection]) -> Reach:
    found: Reach = {}
    for line in lines:
        found.setdefault((line.source, line.target), set()).update(line.spans)
    return found


def _required(draft: Draft) -> Reach:
    """What the arrows and the DNS need, where the ends are known."""
    found: Reach = {}
    for arrow in draft.arrows:
        for source in _ends(arrow.source, draft):
            for target in _ends(arrow.target, draft):
                found.setdefault((source, target), set()).add((arrow.protocol, arrow.port, arrow.port))
    if draft.dns:
        servers = [*draft.peers.dns, *((NODE_LOCAL,) if draft.peers.node_local else ())]
        for source in draft.covered:
            for server in [end for one in servers for end in _ends(one, draft)]:
                found.setdefault((source, server), set()).update(_DNS_SPANS)
    return found


def _ends(end: str, draft: Draft) -> list[str]:
    """An arrow's end as the matrix names it: a workload, or ranges of addresses."""
    return [range_text(span) for span in draft.peers.ranges(end)] or [end]


def _permitted(want: Reach, draft: Draft) -> Reach:
    """What is no surprise though no arrow says it: pods that use the address of their node, and pods of namespaces
    where the ingress controller may be."""
    free: Reach = {}
    hosts = {key: _addresses(one.pods) for key, one in draft.world.workloads.items() if one.pods[0].host_network}
    for (source, target), spans in want.items():
        for key, addresses in hosts.items():
            if _holds(source, addresses):
                free.setdefault((key, target), set()).update(spans)
            if _holds(target, addresses):
                free.setdefault((source, key), set()).update(spans)
    for arrow in draft.from_elsewhere():
        for one in draft.world.workloads.values() if arrow.source == INGRESS_CONTROLLER else ():
            if one.namespace not in draft.peers.inside:
                free.setdefault((one.key, arrow.target), set()).add((arrow.protocol, arrow.port, arrow.port))
    return free


def _addresses(pods: Iterable[Pod]) -> set[tuple[int, int]]:
    return {
        parse_address(address)
        for pod in pods
        for address in (*pod.addresses, *pod.host_addresses)
        if is_address(address)
    }


def _holds(end: str, addresses: set[tuple[int, int]]) -> bool:
    """Whether an end is a range that holds one of the addresses."""
    low, dash, high = end.partition("-")
    if not dash or not is_address(low):
        return False
    (version, first), (_, last) = parse_address(low), parse_address(high)
    return any(family == version and first <= value <= last for family, value in addresses)


def _shut(after: World, draft: Draft) -> Iterator[str]:
    """The arrows from an ingress controller that isn't in the input, and that the policies stop."""
    matrix = after.matrix()
    for arrow in draft.from_elsewhere():
        pod = after.workloads[arrow.target].pods[0]
        if arrow.source == INGRESS_CONTROLLER and not matrix.admits_stranger(pod, arrow.port, arrow.protocol):
            yield _line((arrow.source, arrow.target), ((arrow.protocol, arrow.port, arrow.port),))


def _cut(reach: Reach, draft: Draft) -> Reach:
    """The pairs for which the suggestion is answerable, outside ranges brought to common bounds."""
    bounds = _bounds(draft)
    found: Reach = {}
    for (source, target), spans in reach.items():
        if not ((draft.ingress and target in draft.covered) or (draft.egress and source in draft.covered)):
            continue
        for one in _pieces(source, bounds):
            for other in _pieces(target, bounds):
                found.setdefault((one, other), set()).update(spans)
    return {pair: set(merge_spans(spans)) for pair, spans in found.items()}


def _bounds(draft: Draft) -> list[tuple[int, int]]:
    """Where the ranges that mean the arrows' ends begin, and where they have ended."""
    named = {end for arrow in draft.arrows for end in (arrow.source, arrow.target)}
    named |= {*draft.peers.dns, NODE_LOCAL, OUTSIDE}
    return sorted(
        {
            (version, point)
            for end in named
            for version, first, last in draft.peers.ranges(end)
            for point in (first, last + 1)
        }
    )


def _pieces(end: str, bounds: Sequence[tuple[int, int]]) -> list[str]:
    """A range cut at the bounds; a workload stays whole."""
    low, _, high = end.partition("-")
    if not is_address(low):
        return [end]
    (version, first), (_, last) = parse_address(low), parse_address(high)
    cuts = [point for family, point in bounds if family == version and first < point <= last]
    return [
        range_text((version, start, stop))
        for start, stop in zip([first, *cuts], [*(cut - 1 for cut in cuts), last], strict=True)
    ]


def merge_spans(spans: set[Span]) -> list[Span]:
    """Spans with neighbours joined."""
    merged: list[Span] = []
    for protocol, first, last in sorted(spans):
        if merged and merged[-1][0] == protocol and merged[-1][2] + 1 >= first:
            _, first, before = merged.pop()
            last = max(last, before)
        merged.append((protocol, first, last))
    return merged
