"""The address space, cut into regions that no ipBlock tells apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from helpers.policies.model.addresses import BITS, Address, Block, format_address

Range = tuple[int, int, int]
"""(4 or 6, first address, last address)."""


class Regions:
    """Regions of one address family, each with the set of blocks (bits by index) that hold it."""

    def __init__(self, version: int, blocks: Sequence[Block]) -> None:
        toggles: dict[int, int] = {0: 0}
        for index, block in enumerate(blocks):
            if block.version == version:
                for first, last in solid(block):
                    toggles[first] = toggles.get(first, 0) ^ 1 << index
                    toggles[last + 1] = toggles.get(last + 1, 0) ^ 1 << index
        self.version = version
        self._end = 1 << BITS[version]
        toggles.pop(self._end, None)
        self._starts = sorted(toggles)
        self._masks: list[int] = []
        mask = 0
        for start in self._starts:
            mask ^= toggles[start]
            self._masks.append(mask)

    def mask(self, value: int) -> int:
        """The blocks that hold an address, as bits."""
        return self._masks[bisect_right(self._starts, value) - 1]

    def outside(self) -> dict[int, list[Range]]:
        """Every address of the family: blocks (bits) -> the ranges that just these blocks hold."""
        found: dict[int, list[Range]] = {}
        for start, end, mask in zip(self._starts, [*self._starts[1:], self._end], self._masks, strict=True):
            found.setdefault(mask, []).append((self.version, start, end - 1))
        return {mask: merge(ranges) for mask, ranges in found.items()}


def solid(block: Block) -> list[tuple[int, int]]:
    """A block's addresses as sorted ranges, with its exceptions taken out."""
    parts, low = [], block.first
    for first, last in sorted(block.excepts):
        if first > low:
            parts.append((low, min(first - 1, block.last)))
        low = max(low, last + 1)
    if low <= block.last:
        parts.append((low, block.last))
    return parts


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Sorted ranges with neighbours joined."""
    merged: list[Range] = []
    for version, first, last in sorted(ranges):
        if merged and merged[-1][0] == version and merged[-1][2] + 1 >= first:
            version, first, last = version, merged[-1][1], max(last, merged.pop()[2])
        merged.append((version, first, last))
    return merged


def range_text(span: Range) -> str:
    """`0.0.0.0-255.255.255.255`, as netpol-analyzer writes external ranges."""
    version, first, last = span
    return f"{format_address(version, first)}-{format_address(version, last)}"


def masks_of(addresses: Iterable[Address], regions: dict[int, Regions]) -> int:
    """All blocks that hold one of the addresses."""
    mask = 0
    for version, value in addresses:
        mask |= regions[version].mask(value)
    return mask
