"""Exact arithmetic on amounts of money, as units and billionths of a unit. No floating point."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from helpers.boutique.protos import hipstershop_pb2 as pb

__all__ = ["add", "convert", "is_valid", "money", "multiply", "text", "total"]

NANOS = 1_000_000_000

# Currencies in which nobody pays fractions of a unit.
_WHOLE = frozenset({"CLP", "HUF", "ISK", "JPY", "KRW"})
_SIGNS = {
    "AUD": "A$", "BRL": "R$", "CAD": "C$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪",
    "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "PLN": "zł", "SGD": "S$",
    "THB": "฿", "TRY": "₺", "USD": "$",
}  # fmt: skip


def money(code: str, nanos: int) -> pb.Money:
    """The amount of `nanos` billionths of one unit of currency `code`, normalized."""
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), NANOS)
    return pb.Money(currency_code=code, units=sign * units, nanos=sign * rest)


def in_nanos(amount: pb.Money) -> int:
    """The whole amount in billionths of a unit."""
    return int(amount.units) * NANOS + int(amount.nanos)


def is_valid(amount: pb.Money) -> bool:
    """Whether nanos are in range and of the same sign as units."""
    return abs(amount.nanos) < NANOS and not (amount.units > 0 > amount.nanos or amount.units < 0 < amount.nanos)


def add(left: pb.Money, right: pb.Money) -> pb.Money:
    """The sum. Raises ValueError if an amount is malformed or the currencies differ."""
    for amount in (left, right):
        if not is_valid(amount):
            raise ValueError(f"units {amount.units} and nanos {amount.nanos} are no amount of money")
    if left.currency_code != right.currency_code:
        raise ValueError(f"cannot add {right.currency_code or 'no currency'} to {left.currency_code or 'no currency'}")
    return money(left.currency_code, in_nanos(left) + in_nanos(right))


def total(code: str, amounts: Iterable[pb.Money]) -> pb.Money:
    """The sum of `amounts`, all in currency `code`; zero if there are none."""
    result = pb.Money(currency_code=code)
    for amount in amounts:
        result = add(result, amount)
    return result


def multiply(amount: pb.Money, times: int) -> pb.Money:
    """`amount`, `times` over."""
    return money(amount.currency_code, in_nanos(amount) * times)


def convert(amount: pb.Money, code: str, rate: Fraction) -> pb.Money:
    """`amount` in currency `code`, where one unit of its own buys `rate` of the other; rounded to a nano."""
    return money(code, round(in_nanos(amount) * rate))


def text(amount: pb.Money) -> str:
    """The amount as a price tag shows it: `$19.99`, `¥2,943`, `CHF 17.50`; rounded half away from zero."""
    digits = 0 if amount.currency_code in _WHOLE else 2
    step = 10 ** (9 - digits)
    value = in_nanos(amount)
    rounded = (abs(value) + step // 2) // step
    whole, cents = divmod(rounded, 10**digits)
    number = f"{whole:,}" + (f".{cents:0{digits}d}" if digits else "")
    sign = _SIGNS.get(amount.currency_code, f"{amount.currency_code} ")
    return f"{'-' if value < 0 and rounded else ''}{sign}{number}"
