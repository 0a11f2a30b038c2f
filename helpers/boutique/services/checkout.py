"""checkoutservice: turns a cart into an order with the help of six other services."""

from __future__ import annotations

import uuid

from helpers.boutique import logs, money, wire
from helpers.boutique.dialer import Dialer
from helpers.boutique.failures import RpcFailure
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers, Refusal
from helpers.boutique.together import together


class CheckoutService:
    """Implements hipstershop.CheckoutService.

    An order stands or falls with cart, catalogue, currency, shipping and payment. When the card is charged and the
    parcel shipped, the order stands: a cart that won't empty and a mail that won't go out are only warnings here.
    """

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._cart = dialer.peer("CART_SERVICE_ADDR")
        self._catalogue = dialer.peer("PRODUCT_CATALOG_SERVICE_ADDR")
        self._currency = dialer.peer("CURRENCY_SERVICE_ADDR")
        self._email = dialer.peer("EMAIL_SERVICE_ADDR")
        self._payment = dialer.peer("PAYMENT_SERVICE_ADDR")
        self._shipping = dialer.peer("SHIPPING_SERVICE_ADDR")

    def handlers(self) -> Handlers:
        return {wire.PLACE_ORDER: self.place_order}

    async def close(self) -> None:
        """Close the connections to the other services."""
        await self._dialer.close()

    async def place_order(self, request: pb.PlaceOrderRequest) -> pb.PlaceOrderResponse:
        """Quote, charge, ship, empty the cart, confirm. Raises Refusal with the step that failed."""
        cart = await self._user_cart(request.user_id)
        lines, shipping = await together(
            self._price_lines(cart, request.user_currency),
            self._shipping_cost(request.address, cart, request.user_currency),
        )
        order = pb.OrderResult(
            order_id=str(uuid.uuid4()), shipping_cost=shipping, shipping_address=request.address, items=lines
        )
        transaction = await self._charge(order, request)
        logs.info("payment went through", order=order.order_id, transaction=transaction)
        order.shipping_tracking_id = await self._ship(request.address, cart)
        await self._empty_cart(request.user_id)
        await self._confirm(request.email, order)
        return pb.PlaceOrderResponse(order=order)

    async def _user_cart(self, user: str) -> list[pb.CartItem]:
        try:
            cart = await self._cart(wire.GET_CART, pb.GetCartRequest(user_id=user))
        except RpcFailure as failure:
            raise Refusal("INTERNAL", f"cart failure: failed to get user cart during checkout: {failure}") from failure
        if not cart.items:
            raise Refusal("FAILED_PRECONDITION", "the cart is empty: there is nothing to order")
        return list(cart.items)

    async def _price_lines(self, cart: list[pb.CartItem], currency: str) -> list[pb.OrderItem]:
        return await together(*(self._price_line(item, currency) for item in cart))

    async def _price_line(self, item: pb.CartItem, currency: str) -> pb.OrderItem:
        try:
            product = await self._catalogue(wire.GET_PRODUCT, pb.GetProductRequest(id=item.product_id))
        except RpcFailure as failure:
            text = f"failed to prepare order: failed to get product {item.product_id}: {failure}"
            raise Refusal("INTERNAL", text) from failure
        try:
            cost = await self._converted(product.price_usd, currency)
        except RpcFailure as failure:
            text = f"failed to prepare order: failed to convert price of {item.product_id} to {currency}: {failure}"
            raise Refusal("INTERNAL", text) from failure
        return pb.OrderItem(item=item, cost=cost)

    async def _shipping_cost(self, address: pb.Address, cart: list[pb.CartItem], currency: str) -> pb.Money:
        try:
            quote = await self._shipping(wire.GET_QUOTE, pb.GetQuoteRequest(address=address, items=cart))
        except RpcFailure as failure:
            raise Refusal("INTERNAL", f"shipping quote failure: failed to get shipping quote: {failure}") from failure
        try:
            return await self._converted(quote.cost_usd, currency)
        except RpcFailure as failure:
            raise Refusal("INTERNAL", f"failed to convert shipping cost to {currency}: {failure}") from failure

    async def _converted(self, amount: pb.Money, currency: str) -> pb.Money:
        return await self._currency(wire.CONVERT, pb.CurrencyConversionRequest(**{"from": amount}, to_code=currency))

    async def _charge(self, order: pb.OrderResult, request: pb.PlaceOrderRequest) -> str:
        costs = [money.multiply(line.cost, line.item.quantity) for line in order.items]
        amount = money.total(request.user_currency, [order.shipping_cost, *costs])
        try:
            charged = await self._payment(wire.CHARGE, pb.ChargeRequest(amount=amount, credit_card=request.credit_card))
        except RpcFailure as failure:
            raise Refusal("INTERNAL", f"failed to charge card: {failure}") from failure
        return charged.transaction_id

    async def _ship(self, address: pb.Address, cart: list[pb.CartItem]) -> str:
        try:
            shipped = await self._shipping(wire.SHIP_ORDER, pb.ShipOrderRequest(address=address, items=cart))
        except RpcFailure as failure:
            raise Refusal("UNAVAILABLE", f"shipping error: failed to ship order: {failure}") from failure
        return shipped.tracking_id

    async def _empty_cart(self, user: str) -> None:
        try:
            await self._cart(wire.EMPTY_CART, pb.EmptyCartRequest(user_id=user))
        except RpcFailure as failure:
            logs.warning("failed to empty user cart during checkout", cause=failure)

    async def _confirm(self, email: str, order: pb.OrderResult) -> None:
        try:
            await self._email(wire.SEND_ORDER_CONFIRMATION, pb.SendOrderConfirmationRequest(email=email, order=order))
        except RpcFailure as failure:
            logs.warning("failed to send order confirmation", order=order.order_id, cause=failure)
        else:
            logs.info("order confirmation email sent", order=order.order_id)
