"""Services without a network: what they answer and what they refuse."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from helpers.boutique import catalogue, money
from helpers.boutique.frontend import render
from helpers.boutique.frontend.pages import OFFERED
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Refusal
from helpers.boutique.services import ad, currency, email, payment, productcatalog, shipping

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    async def body() -> T:
        return await awaitable

    return asyncio.run(body())


def test_catalogue_keeps_upstreams_ids_and_has_a_picture_for_each() -> None:
    assert [product.id for product in catalogue.PRODUCTS] == [
        "OLJCESPC7Z", "66VCHSJNUP", "1YMWWN1N4O", "L9ECAV7KIM", "2ZYFJ3GM2N",
        "0PUK6V6EV0", "LS4PSXUNUM", "9SIQT8TOJO", "6E92ZMYYFZ",
    ]  # fmt: skip
    for product in catalogue.PRODUCTS:
        assert money.is_valid(product.price_usd)
        assert product.categories
        assert product.description
        assert render.static(product.picture.removeprefix("static/"))


def test_products_are_found_by_id_and_by_word() -> None:
    service = productcatalog.ProductCatalogService()
    assert run(service.get_product(pb.GetProductRequest(id="6E92ZMYYFZ"))).name == "Mug"
    found = run(service.search_products(pb.SearchProductsRequest(query="BAMBOO jar"))).results
    assert [item.name for item in found] == ["Bamboo Glass Jar"]
    with pytest.raises(Refusal, match="no product with ID NOPE") as refusal:
        run(service.get_product(pb.GetProductRequest(id="NOPE")))
    assert refusal.value.code == "NOT_FOUND"


def test_ads_fit_the_context_and_lead_to_products() -> None:
    service, known = ad.AdService(), {f"product/{product.id}" for product in catalogue.PRODUCTS}
    for product in catalogue.PRODUCTS:
        ads = run(service.get_ads(pb.AdRequest(context_keys=product.categories))).ads
        assert f"product/{product.id}" in {item.redirect_url for item in ads} or "kitchen" in product.categories
    anything = run(service.get_ads(pb.AdRequest())).ads
    assert len(anything) == 2
    assert {item.redirect_url for item in anything} <= known


def test_currencies_convert_and_unknown_ones_are_refused() -> None:
    service = currency.CurrencyService()
    codes = run(service.get_supported_currencies(pb.Empty())).currency_codes
    assert set(OFFERED) <= set(codes)
    price = pb.Money(currency_code="USD", units=10)
    same = run(service.convert(pb.CurrencyConversionRequest(**{"from": price}, to_code="USD")))
    assert same == price
    yen = run(service.convert(pb.CurrencyConversionRequest(**{"from": price}, to_code="JPY")))
    assert (yen.currency_code, yen.units) == ("JPY", 1520)
    with pytest.raises(Refusal, match="'DOGE' is not supported"):
        run(service.convert(pb.CurrencyConversionRequest(**{"from": price}, to_code="DOGE")))


def test_parcels_cost_by_the_piece_and_nothing_when_empty() -> None:
    assert shipping.quote([]) == 0
    assert shipping.quote([1]) < shipping.quote([2]) == shipping.quote([1, 1])
    first, second = shipping.tracking_id(), shipping.tracking_id()
    assert first != second
    assert len(first) == len("HS-1234-5678-9ABC")


@pytest.mark.parametrize(
    ("number", "expires", "problem"),
    [
        ("4111-1111-1111-1111", (2026, 12), ""),
        ("5555 5555 5555 4444", (2026, 11), ""),
        ("2223003122003222", (2027, 1), ""),
        ("4111-1111-1111-1112", (2026, 12), "not valid"),
        ("not a number", (2026, 12), "not valid"),
        ("", (2026, 12), "not valid"),
        ("378282246310005", (2026, 12), "VISA and Mastercard only"),
        ("4111-1111-1111-1111", (2026, 10), "expired in 10/2026"),
        ("4111-1111-1111-1111", (2027, 13), "month of expiry"),
    ],
)
def test_cards(number: str, expires: tuple[int, int], problem: str) -> None:
    found = payment.card_problem(number, expires, (2026, 11))
    assert problem in found
    assert bool(found) == bool(problem)
    assert not number or number not in found


def test_the_confirmation_adds_up() -> None:
    order = pb.OrderResult(
        order_id="o-1",
        shipping_tracking_id="HS-1",
        shipping_cost=pb.Money(currency_code="USD", units=4, nanos=990_000_000),
        shipping_address=pb.Address(street_address="12 Harbour Lane", zip_code=10405, city="Berlin", country="Germany"),
        items=[
            pb.OrderItem(
                item=pb.CartItem(product_id="6E92ZMYYFZ", quantity=3),
                cost=pb.Money(currency_code="USD", units=8, nanos=990_000_000),
            )
        ],
    )
    text = "\n".join(email.confirmation(order))
    for part in ("3 x", "Mug", "$26.97", "$31.96", "o-1", "HS-1", "12 Harbour Lane, 10405 Berlin, Germany"):
        assert part in text
