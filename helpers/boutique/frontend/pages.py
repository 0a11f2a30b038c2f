"""What each page needs from the services: what must succeed, what may fail silently, and all at once where possible."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from helpers.boutique import logs, money, wire
from helpers.boutique.dialer import Dialer
from helpers.boutique.failures import RpcFailure
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.together import together

__all__ = ["Line", "PageFailure", "Priced", "Storefront", "Visitor"]

T = TypeVar("T")

#: The currencies that the shop offers, of all those that currencyservice knows.
OFFERED = ("USD", "EUR", "GBP", "CHF", "CAD", "JPY", "TRY")
_AD_DEADLINE = 0.1


class PageFailure(Exception):
    """A page could not be made; the text is the cause. `status` is the HTTP status to answer."""

    def __init__(self, cause: str, status: int = 500) -> None:
        super().__init__(cause)
        self.status = status


@dataclass(frozen=True)
class Visitor:
    """Who asks: the id of the session and the currency to show prices in."""

    session: str
    currency: str


@dataclass(frozen=True)
class Priced:
    """A product with its price as shown."""

    product: pb.Product
    price: str


@dataclass(frozen=True)
class Line:
    """One line of a cart or an order: amounts as shown."""

    product: pb.Product
    quantity: int
    price: str
    cost: pb.Money


class Storefront:
    """Asks the services. The methods return what the template of their page shows, or raise PageFailure."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._patience = dialer.deadline
        self._ads = dialer.peer("AD_SERVICE_ADDR")
        self._cart = dialer.peer("CART_SERVICE_ADDR")
        self._catalogue = dialer.peer("PRODUCT_CATALOG_SERVICE_ADDR")
        self._checkout = dialer.peer("CHECKOUT_SERVICE_ADDR")
        self._currency = dialer.peer("CURRENCY_SERVICE_ADDR")
        self._recommendation = dialer.peer("RECOMMENDATION_SERVICE_ADDR")
        self._shipping = dialer.peer("SHIPPING_SERVICE_ADDR")

    async def close(self) -> None:
        """Close the connections to the services."""
        await self._dialer.close()

    async def home(self, visitor: Visitor) -> dict[str, Any]:
        """`/`: currency, product catalog and cart must answer; ads may be missing."""
        header, products, ad = await together(
            self._header(visitor),
            self._needed("failed to get the products", self._list_products(visitor.currency)),
            self._ad([]),
        )
        return {**header, "products": products, "ad": ad}

    async def product(self, visitor: Visitor, number: str) -> dict[str, Any]:
        """`/product/ID`: product catalog, currency and cart must answer; recommendations and ads may be missing."""
        header, (priced, ad), others = await together(
            self._header(visitor), self._product_and_ad(visitor, number), self._recommended(visitor, [number])
        )
        return {**header, "item": priced, "ad": ad, "recommended": others}

    async def cart(self, visitor: Visitor) -> dict[str, Any]:
        """`/cart`: currency, cart, shipping quote and product catalog must answer; recommendations may be missing."""
        currencies, items = await together(self._currencies(), self._items(visitor))
        lines, shipping, others = await together(
            self._lines(items, visitor.currency),
            self._quote(items, visitor.currency),
            self._recommended(visitor, [item.product_id for item in items]),
        )
        amount = money.total(visitor.currency, [shipping, *(line.cost for line in lines)])
        return _header_view(currencies, items, visitor) | {
            "lines": lines, "shipping": money.text(shipping), "total": money.text(amount), "recommended": others,
        }  # fmt: skip

    async def add(self, visitor: Visitor, number: str, quantity: int) -> None:
        """`POST /cart`: product catalog and cart must answer."""
        await self._needed(f"failed to get product {number}", self._get_product(number))
        item = pb.CartItem(product_id=number, quantity=quantity)
        request = pb.AddItemRequest(user_id=visitor.session, item=item)
        await self._needed("failed to add to the cart", self._cart(wire.ADD_ITEM, request))

    async def empty(self, visitor: Visitor) -> None:
        """`POST /cart/empty`: cart must answer."""
        request = pb.EmptyCartRequest(user_id=visitor.session)
        await self._needed("failed to empty the cart", self._cart(wire.EMPTY_CART, request))

    async def place(self, request: pb.PlaceOrderRequest) -> pb.OrderResult:
        """`POST /cart/checkout`: checkout must answer."""
        # checkoutservice may wait for a deadline of its own or two (cart, mail) before it answers.
        placed = self._checkout(wire.PLACE_ORDER, request, deadline=5 * self._patience)
        return (await self._needed("failed to complete the order", placed)).order

    async def ordered(self, visitor: Visitor, items: Iterable[str]) -> dict[str, Any]:
        """`/order/ID`: currency and cart must answer; recommendations may be missing. `items` were bought."""
        header, others = await together(self._header(visitor), self._recommended(visitor, list(items)))
        return {**header, "recommended": others}

    # -- pieces of pages --------------------------------------------------------------------

    async def _header(self, visitor: Visitor) -> dict[str, Any]:
        currencies, items = await together(self._currencies(), self._items(visitor))
        return _header_view(currencies, items, visitor)

    async def _currencies(self) -> list[str]:
        call = self._currency(wire.GET_SUPPORTED_CURRENCIES, pb.Empty())
        known = await self._needed("failed to get the currencies", call)
        return [code for code in OFFERED if code in known.currency_codes]

    async def _items(self, visitor: Visitor) -> list[pb.CartItem]:
        call = self._cart(wire.GET_CART, pb.GetCartRequest(user_id=visitor.session))
        return list((await self._needed("failed to get the cart", call)).items)

    async def _list_products(self, currency: str) -> list[Priced]:
        listed = await self._catalogue(wire.LIST_PRODUCTS, pb.Empty())
        return await together(*(self._priced(product, currency) for product in listed.products))

    async def _product_and_ad(self, visitor: Visitor, number: str) -> tuple[Priced, pb.Ad | None]:
        product = await self._needed(f"failed to get product {number}", self._get_product(number))
        priced, ad = await together(self._priced(product, visitor.currency), self._ad(product.categories))
        return priced, ad

    async def _get_product(self, number: str) -> pb.Product:
        return await self._catalogue(wire.GET_PRODUCT, pb.GetProductRequest(id=number))

    async def _priced(self, product: pb.Product, currency: str) -> Priced:
        price = await self._converted(product.price_usd, currency, f"price of {product.id}")
        return Priced(product, money.text(price))

    async def _converted(self, amount: pb.Money, currency: str, what: str) -> pb.Money:
        request = pb.CurrencyConversionRequest(**{"from": amount}, to_code=currency)
        return await self._needed(f"failed to convert the {what} to {currency}", self._currency(wire.CONVERT, request))

    async def _lines(self, items: Iterable[pb.CartItem], currency: str) -> list[Line]:
        return await together(*(self._line(item, currency) for item in items))

    async def _line(self, item: pb.CartItem, currency: str) -> Line:
        number = item.product_id
        product = await self._needed(f"failed to get product {number}", self._get_product(number))
        price = await self._converted(product.price_usd, currency, f"price of {number}")
        cost = money.multiply(price, item.quantity)
        return Line(product, item.quantity, money.text(cost), cost)

    async def _quote(self, items: list[pb.CartItem], currency: str) -> pb.Money:
        request = pb.GetQuoteRequest(items=items)
        quote = await self._needed("failed to get shipping quote", self._shipping(wire.GET_QUOTE, request))
        return await self._converted(quote.cost_usd, currency, "shipping cost")

    async def _recommended(self, visitor: Visitor, seen: list[str]) -> list[pb.Product]:
        return await self._optional("no recommendations on this page", self._recommend(visitor, seen), [])

    async def _recommend(self, visitor: Visitor, seen: list[str]) -> list[pb.Product]:
        request = pb.ListRecommendationsRequest(user_id=visitor.session, product_ids=seen)
        # Nobody waits for these as long as for the page itself.
        found = await self._recommendation(wire.LIST_RECOMMENDATIONS, request, deadline=self._patience / 3)
        return await together(*(self._get_product(number) for number in found.product_ids[:4]))

    async def _ad(self, categories: Iterable[str]) -> pb.Ad | None:
        request = pb.AdRequest(context_keys=categories)
        call = self._ads(wire.GET_ADS, request, deadline=_AD_DEADLINE)
        answer = await self._optional("no ads on this page", call, pb.AdResponse())
        return next(iter(answer.ads), None)

    async def _needed(self, what: str, call: Awaitable[T]) -> T:
        try:
            return await call
        except RpcFailure as failure:
            status = 404 if failure.code == "NotFound" else 500
            raise PageFailure(f"{what}: {failure}", status) from failure

    async def _optional(self, what: str, call: Awaitable[T], otherwise: T) -> T:
        try:
            return await call
        except RpcFailure as failure:
            logs.warning(what, cause=failure)
            return otherwise


def _header_view(currencies: list[str], items: Iterable[pb.CartItem], visitor: Visitor) -> dict[str, Any]:
    pieces = sum(item.quantity for item in items)
    return {"currencies": currencies, "currency": visitor.currency, "cart_size": pieces}
