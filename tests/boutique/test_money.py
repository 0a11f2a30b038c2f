"""Money: exact sums in units and nanos."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.boutique import money
from helpers.boutique.protos import hipstershop_pb2 as pb

nanos = st.integers(min_value=-(10**18), max_value=10**18)


def usd(units: int, nanos: int = 0) -> pb.Money:
    return pb.Money(currency_code="USD", units=units, nanos=nanos)


@given(nanos, nanos)
def test_sums_are_exact_and_well_formed(left: int, right: int) -> None:
    total = money.add(money.money("USD", left), money.money("USD", right))
    assert money.in_nanos(total) == left + right
    assert money.is_valid(total)


@given(nanos, st.integers(min_value=0, max_value=1000))
def test_products_are_repeated_sums(amount: int, times: int) -> None:
    assert money.in_nanos(money.multiply(money.money("USD", amount), times)) == amount * times


@given(nanos)
def test_converting_there_and_back_loses_at_most_a_nano_for_each_rounding(amount: int) -> None:
    rate = Fraction("1.37")
    there = money.convert(money.money("USD", amount), "EUR", rate)
    back = money.convert(there, "USD", 1 / rate)
    assert there.currency_code == "EUR"
    assert abs(money.in_nanos(back) - amount) <= 2


def test_carries_between_nanos_and_units() -> None:
    assert money.add(usd(1, 600_000_000), usd(2, 500_000_000)) == usd(4, 100_000_000)
    assert money.add(usd(1), usd(0, -1)) == usd(0, 999_999_999)
    assert money.multiply(usd(19, 990_000_000), 3) == usd(59, 970_000_000)


@pytest.mark.parametrize("amount", [usd(1, -1), usd(-1, 1), usd(0, 1_000_000_000), usd(0, -1_000_000_000)])
def test_malformed_amounts_are_refused(amount: pb.Money) -> None:
    assert not money.is_valid(amount)
    with pytest.raises(ValueError, match="no amount of money"):
        money.add(amount, usd(1))


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        money.add(usd(1), pb.Money(currency_code="EUR", units=1))


def test_the_total_of_nothing_is_zero() -> None:
    assert money.total("EUR", []) == pb.Money(currency_code="EUR")


@pytest.mark.parametrize(
    ("code", "units", "nano", "shown"),
    [
        ("USD", 19, 990_000_000, "$19.99"),
        ("USD", 0, 5_000_000, "$0.01"),
        ("USD", 0, 4_999_999, "$0.00"),
        ("USD", -1, -750_000_000, "-$1.75"),
        ("USD", 0, -4_999_999, "$0.00"),
        ("USD", 1_234_567, 0, "$1,234,567.00"),
        ("JPY", 2942, 520_000_000, "¥2,943"),
        ("CHF", 17, 500_000_000, "CHF 17.50"),
        ("EUR", 17, 995_000_000, "€18.00"),
    ],
)
def test_price_tags(code: str, units: int, nano: int, shown: str) -> None:
    assert money.text(pb.Money(currency_code=code, units=units, nanos=nano)) == shown
