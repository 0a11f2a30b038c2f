"""Sets of (protocol, port) as bit sets over the ranges that no policy tells apart.

All 196,605 ports are cut at every bound that a rule mentions; each piece is one bit. So a set of ports is an
integer, union and intersection are `|` and `&`, and equal sets are equal integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from helpers.policies.model.bits import members

PROTOCOLS = ("SCTP", "TCP", "UDP")
LAST_PORT = 65535

Span = tuple[str, int, int]
"""(protocol, first port, last port)."""

ALL_CONNECTIONS, NO_CONNECTIONS = "All Connections", "No Connections"


class PortSpace:
    """The ports, cut into pieces at the bounds of the given spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        cuts: dict[str, set[int]] = {protocol: {1} for protocol in PROTOCOLS}
        for protocol, first, last in spans:
            cuts[protocol].add(first)
            if last < LAST_PORT:
                cuts[protocol].add(last + 1)
        self._starts = {protocol: sorted(cuts[protocol]) for protocol in PROTOCOLS}
        self._offset: dict[str, int] = {}
        pieces: list[Span] = []
        for protocol, starts in self._starts.items():
            self._offset[protocol] = len(pieces)
            ends = [start - 1 for start in starts[1:]] + [LAST_PORT]
            pieces += [(protocol, first, last) for first, last in zip(starts, ends, strict=True)]
        self.pieces = tuple(pieces)
        self.all = (1 << len(pieces)) - 1
        self._bits: dict[Span, int] = {}
        self._texts: dict[int, str] = {}
        self._spans: dict[int, tuple[Span, ...]] = {}

    def bits(self, protocol: str, first: int, last: int) -> int:
        """The set of a span whose bounds were given when this space was made."""
        found = self._bits.get((protocol, first, last))
        if found is None:
            starts, offset = self._starts[protocol], self._offset[protocol]
            low, high = bisect_right(starts, first) - 1, bisect_right(starts, last) - 1
            found = self._bits[protocol, first, last] = ((1 << (high - low + 1)) - 1) << (offset + low)
        return found

    def holds(self, ports: int, protocol: str, port: int) -> bool:
        """Whether a set contains one port; any port and protocol may be asked for."""
        if protocol not in self._starts or not 1 <= port <= LAST_PORT:
            return False
        return bool(ports >> (self._offset[protocol] + bisect_right(self._starts[protocol], port) - 1) & 1)

    def spans(self, ports: int) -> tuple[Span, ...]:
        """A set as the fewest spans, sorted: the same for equal sets of different spaces."""
        found = self._spans.get(ports)
        if found is None:
            merged: list[Span] = []
            for index in members(ports):
                protocol, first, last = self.pieces[index]
                if merged and merged[-1][0] == protocol and merged[-1][2] == first - 1:
                    first = merged.pop()[1]
                merged.append((protocol, first, last))
            found = self._spans[ports] = tuple(merged)
        return found

    def text(self, ports: int) -> str:
        """A set as netpol-analyzer writes it: `TCP 8080,9090-9100,UDP 53` or `All Connections`."""
        found = self._texts.get(ports)
        if found is None:
            found = self._texts[ports] = spans_text(self.spans(ports))
        return found


_EVERYTHING = tuple((protocol, 1, LAST_PORT) for protocol in PROTOCOLS)


def spans_text(spans: tuple[Span, ...]) -> str:
    """Sorted spans as text; every port of every protocol is `All Connections`."""
    if spans == _EVERYTHING:
        return ALL_CONNECTIONS
    if not spans:
        return NO_CONNECTIONS
    groups: dict[str, list[str]] = {}
    for protocol, first, last in spans:
        groups.setdefault(protocol, []).append(str(first) if first == last else f"{first}-{last}")
    return ",".join(f"{protocol} {','.join(parts)}" for protocol, parts in groups.items())


def spans_without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is in the first set of spans and not in the second."""
    left = list(spans)
    for protocol, first, last in taken:
        cut: list[Span] = []
        for kind, low, high in left:
            if kind != protocol or high < first or last < low:
                cut.append((kind, low, high))
                continue
            if low < first:
                cut.append((kind, low, first - 1))
            if high > last:
                cut.append((kind, last + 1, high))
        left = cut
    return tuple(sorted(left))
