"""IP addresses and blocks as plain numbers: (version, value), and ranges of values.

Addresses are `Address` pairs, so that comparing one with a block is two integer comparisons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from helpers.policies.errors import Question

OUTSIDE = "outside"
"""The world outside of the cluster, where an end of a connection is named."""

OUTSIDE_ADDRESS = "198.51.100.1"
"""An address that no pod has and that stands for the world outside: from a block kept for documentation."""

Address = tuple[int, int]
"""(4 or 6, the address as an integer)."""

BITS = {4: 32, 6: 128}

_is_v4 = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})", re.ASCII).fullmatch
_is_length = re.compile(r"0|[1-9]\d{0,2}", re.ASCII).fullmatch


class NotAnAddress(Question, ValueError):
    """The text is no IP address or CIDR."""

    @property
    def sentence(self) -> str:
        return f"{str(self)!r} is no IP address and no block of them: write 10.0.0.1 or 10.0.0.0/8, for example."


def parse_address(text: str) -> Address:
    """`10.0.0.1` or `fd00::1` as a pair; raises NotAnAddress."""
    found = _is_v4(text)
    if found:
        a, b, c, d = map(int, found.groups())
        if max(a, b, c, d) > 255:
            raise NotAnAddress(text)
        return 4, (a << 24) | (b << 16) | (c << 8) | d
    if ":" not in text or "%" in text:
        raise NotAnAddress(text)
    import ipaddress

    try:
        return 6, int(ipaddress.IPv6Address(text))
    except ValueError:
        raise NotAnAddress(text) from None


def is_address(text: str) -> bool:
    try:
        parse_address(text)
    except NotAnAddress:
        return False
    return True


@lru_cache(maxsize=4096)
def parse_cidr(text: str) -> tuple[int, int, int]:
    """`10.0.0.0/8` as (version, first, last); host bits may be set. Raises NotAnAddress."""
    host, slash, length = text.partition("/")
    if not slash or not _is_length(length):
        raise NotAnAddress(text)
    version, value = parse_address(host)
    size = BITS[version] - int(length)
    if size < 0:
        raise NotAnAddress(text)
    first = value >> size << size
    return version, first, first + (1 << size) - 1


def format_address(version: int, value: int) -> str:
    if version == 4:
        return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
    import ipaddress

    return str(ipaddress.IPv6Address(value))


@dataclass(frozen=True, slots=True)
class Block:
    """An ipBlock: the addresses of `cidr` without those of `excepts`."""

    version: int
    first: int
    last: int
    excepts: tuple[tuple[int, int], ...]
    cidr: str
    except_cidrs: tuple[str, ...] = ()

    def contains(self, value: int) -> bool:
        """Whether an address of this block's version is inside."""
        if not self.first <= value <= self.last:
            return False
        return not any(first <= value <= last for first, last in self.excepts)

    @property
    def everything(self) -> bool:
        """Whether the block is all of its address family, so that it holds any address without knowing it."""
        return self.first == 0 and self.last == (1 << BITS[self.version]) - 1 and not self.excepts

    def __str__(self) -> str:
        return self.cidr + (f" except {', '.join(self.except_cidrs)}" if self.except_cidrs else "")


def parse_block(cidr: str, excepts: tuple[str, ...] = ()) -> Block:
    """An ipBlock's two fields as a Block; raises NotAnAddress. Exceptions of another family take nothing out."""
    version, first, last = parse_cidr(cidr)
    ranges = [parse_cidr(item) for item in excepts]
    inside = tuple((low, high) for family, low, high in ranges if family == version)
    return Block(version, first, last, inside, cidr, excepts)
