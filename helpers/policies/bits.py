"""Sets of small numbers as Python integers: bit i is set when i is in the set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Bits = int


def members(bits: Bits) -> Iterator[int]:
    """The numbers in a set, ascending."""
    digits = bin(bits)[:1:-1]
    index = digits.find("1")
    while index >= 0:
        yield index
        index = digits.find("1", index + 1)


def from_members(numbers: Iterable[int], size: int) -> Bits:
    """The set of some numbers below `size`; faster than OR-ing one by one when there are many."""
    digits = bytearray(b"0") * (size + 1)
    for number in numbers:
        digits[size - number] = 49  # the digit 1
    return int(digits, 2)


def disjoint(overlapping: Iterable[tuple[int, Bits]]) -> dict[int, Bits]:
    """Turn (value, set) pairs into a partition: each member gets the OR of the values of its sets.

    Returns value -> members, the sets pairwise disjoint.
    """
    parts: dict[int, Bits] = {}
    for value, bits in overlapping:
        if not bits or not value:
            continue
        fresh: dict[int, Bits] = {}
        rest = bits
        for known, theirs in parts.items():
            both = theirs & bits
            if both:
                rest ^= both
                fresh[known | value] = fresh.get(known | value, 0) | both
                theirs ^= both
            if theirs:
                fresh[known] = fresh.get(known, 0) | theirs
        if rest:
            fresh[value] = fresh.get(value, 0) | rest
        parts = fresh
    return parts
