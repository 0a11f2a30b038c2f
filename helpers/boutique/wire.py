"""Every call that services of the shop make to each other: its path and its message types, one line each.

The lines are held against the .proto by a test. They replace generated service code: a client needs the path
and two types, a server the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from helpers.boutique.protos import hipstershop_pb2 as pb

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """One unary call: `service` and `name` as in the .proto, the message classes to send and to receive."""

    service: str
    name: str
    request: type[Request]
    response: type[Response]

    @property
    def path(self) -> str:
        return f"/hipstershop.{self.service}/{self.name}"


ADD_ITEM = Method("CartService", "AddItem", pb.AddItemRequest, pb.Empty)
GET_CART = Method("CartService", "GetCart", pb.GetCartRequest, pb.Cart)
EMPTY_CART = Method("CartService", "EmptyCart", pb.EmptyCartRequest, pb.Empty)
LIST_RECOMMENDATIONS = Method(
    "RecommendationService", "ListRecommendations", pb.ListRecommendationsRequest, pb.ListRecommendationsResponse
)
LIST_PRODUCTS = Method("ProductCatalogService", "ListProducts", pb.Empty, pb.ListProductsResponse)
GET_PRODUCT = Method("ProductCatalogService", "GetProduct", pb.GetProductRequest, pb.Product)
SEARCH_PRODUCTS = Method("ProductCatalogService", "SearchProducts", pb.SearchProductsRequest, pb.SearchProductsResponse)
GET_QUOTE = Method("ShippingService", "GetQuote", pb.GetQuoteRequest, pb.GetQuoteResponse)
SHIP_ORDER = Method("ShippingService", "ShipOrder", pb.ShipOrderRequest, pb.ShipOrderResponse)
GET_SUPPORTED_CURRENCIES = Method(
    "CurrencyService", "GetSupportedCurrencies", pb.Empty, pb.GetSupportedCurrenciesResponse
)
CONVERT = Method("CurrencyService", "Convert", pb.CurrencyConversionRequest, pb.Money)
CHARGE = Method("PaymentService", "Charge", pb.ChargeRequest, pb.ChargeResponse)
SEND_ORDER_CONFIRMATION = Method("EmailService", "SendOrderConfirmation", pb.SendOrderConfirmationRequest, pb.Empty)
PLACE_ORDER = Method("CheckoutService", "PlaceOrder", pb.PlaceOrderRequest, pb.PlaceOrderResponse)
GET_ADS = Method("AdService", "GetAds", pb.AdRequest, pb.AdResponse)

METHODS: tuple[Method[Any, Any], ...] = tuple(value for value in globals().values() if isinstance(value, Method))
