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
    seen: Bits = 0
    for value, bits in overlapping:
        if not bits or not value:
            continue
        again = bits & seen
        if again:
            _raise(parts, value, again)
        fresh = bits ^ again
        if fresh:
            parts[value] = parts.get(value, 0) | fresh
            seen |= fresh
    return parts


def _raise(parts: dict[int, Bits], value: int, some: Bits) -> None:
    """OR a value into the values of some members of a partition."""
    moved: list[tuple[int, Bits]] = []
    for known, theirs in list(parts.items()):
        both = theirs & some
        if both:
            some ^= both
            if known | value != known:
                moved.append((known | value, both))
                if theirs == both:
                    del parts[known]
                else:
                    parts[known] = theirs ^ both
            if not some:
                break
    for raised, bits in moved:
        parts[raised] = parts.get(raised, 0) | bits
