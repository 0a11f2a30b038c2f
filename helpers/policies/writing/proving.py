"""The proof of a suggestion: the matrix under its policies holds the arrows and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.policies.model.addresses import OUTSIDE, NotAnAddress, parse_address, parse_block
from helpers.policies.model.ports import Span, spans_text, spans_without
from helpers.policies.model.regions import Range, merge, range_text, solid

if TYPE_CHECKING:
    from helpers.policies.matrix.listing import Connection
    from helpers.policies.world import World
    from helpers.policies.writing.drafting import Draft

Reach = dict[tuple[str, str], set[Span]]
"""(source, target) -> spans of ports; outside ends are ranges as the matrix writes them."""


@dataclass(frozen=True)
class Proof:
    """What the matrix lacks of the arrows (`missing`) and has beyond them (`extra`), one line each."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def exact(self) -> bool:
        return not self.missing and not self.extra

    @property
    def sentence(self) -> str:
        if self.exact:
            return "the matrix holds these arrows and nothing more"
        return f"the matrix lacks {len(self.missing)} and has {len(self.extra)} more"

    def as_dict(self) -> dict[str, Any]:
        return {"exact": self.exact, "missing": list(self.missing), "extra": list(self.extra)}


def prove(world: World, policies: Sequence[Mapping[str, Any]], draft: Draft) -> Proof:
    """Try the policies on the world, in place of those that the namespaces have now."""
    from helpers.policies.matrix.listing import connections

    kept = [policy.source for policy in world.policies if policy.namespace not in draft.namespaces]
    matrix = world.replace_policies([*policies, *kept]).matrix()
    actual = _cut(_reach(connections(matrix)), draft)
    expected = _cut(_expected(draft), draft)
    missing: list[str] = []
    extra: list[str] = []
    for pair in sorted({*actual, *expected}):
        want, have = tuple(sorted(expected.get(pair, ()))), tuple(sorted(actual.get(pair, ())))
        for wanting, lines in ((spans_without(want, have), missing), (spans_without(have, want), extra)):
            if wanting:
                lines.append(f"{pair[0]} => {pair[1]} : {spans_text(wanting)}")
    return Proof(tuple(missing), tuple(extra))


def _reach(lines: Sequence[Connection]) -> Reach:
    found: Reach = {}
    for line in lines:
        found.setdefault((line.source, line.target), set()).update(line.spans)
    return found


def _expected(draft: Draft) -> Reach:
    found: Reach = {}
    for arrow in draft.arrows:
        for source in _ends(arrow.source, draft):
            for target in _ends(arrow.target, draft):
                found.setdefault((source, target), set()).add((arrow.protocol, arrow.port, arrow.port))
    if draft.dns:
        for source in draft.covered:
            for server in draft.dns_pods():
                if server != source:
                    found.setdefault((source, server), set()).update({("UDP", 53, 53), ("TCP", 53, 53)})
    return found


def _ends(end: str, draft: Draft) -> list[str]:
    """An arrow's end as the matrix names it."""
    if end == OUTSIDE:
        return [range_text(span) for span in outside_ranges(draft)]
    try:
        version, value = parse_address(end)
    except NotAnAddress:
        return [end]
    return [range_text((version, value, value))]


def outside_ranges(draft: Draft) -> list[Range]:
    """The ranges that the draft's blocks for the outside hold."""
    blocks = [parse_block(block["cidr"], tuple(block["except"])) for block in draft.outside_blocks()]
    return merge((block.version, first, last) for block in blocks for first, last in solid(block))


def _cut(reach: Reach, draft: Draft) -> Reach:
    """The pairs for which the suggestion is answerable, outside ranges brought to common bounds."""
    known = set(draft.units)
    bounds = _bounds(reach, known, draft)
    found: Reach = {}
    for (source, target), spans in reach.items():
        if not ((draft.ingress and target in draft.covered) or (draft.egress and source in draft.covered)):
            continue
        for one in _pieces(source, known, bounds):
            for other in _pieces(target, known, bounds):
                found.setdefault((one, other), set()).update(spans)
    return {pair: set(merge_spans(spans)) for pair, spans in found.items()}


def _bounds(reach: Reach, known: set[str], draft: Draft) -> list[tuple[int, int]]:
    """Starts of ranges: of the outside, of its holes, and of each single address that an arrow names."""
    starts = {(version, point) for version, first, last in outside_ranges(draft) for point in (first, last + 1)}
    for arrow in draft.arrows:
        for end in (arrow.source, arrow.target):
            if end not in known and end != OUTSIDE:
                version, value = parse_address(end)
                starts |= {(version, value), (version, value + 1)}
    return sorted(starts)


def _pieces(end: str, known: set[str], bounds: Sequence[tuple[int, int]]) -> list[str]:
    """A range cut at the bounds; a workload stays whole."""
    if end in known:
        return [end]
    low, high = end.split("-", 1)
    (version, first), (_, last) = parse_address(low), parse_address(high)
    cuts = [point for family, point in bounds if family == version and first < point <= last]
    return [range_text((version, start, stop)) for start, stop in
            zip([first, *cuts], [*(cut - 1 for cut in cuts), last], strict=True)]


def merge_spans(spans: set[Span]) -> list[Span]:
    """Spans with neighbours joined."""
    merged: list[Span] = []
    for protocol, first, last in sorted(spans):
        if merged and merged[-1][0] == protocol and merged[-1][2] + 1 >= first:
            _, first, before = merged.pop()
            last = max(last, before)
        merged.append((protocol, first, last))
    return merged
