"""emailservice: renders the order confirmation and writes it to its log. No mail leaves the pod."""

from __future__ import annotations

from helpers.boutique import catalogue, logs, money, wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers, Refusal


class EmailService:
    """Implements hipstershop.EmailService."""

    def handlers(self) -> Handlers:
        return {wire.SEND_ORDER_CONFIRMATION: self.send_order_confirmation}

    async def close(self) -> None:
        """Nothing to release."""

    async def send_order_confirmation(self, request: pb.SendOrderConfirmationRequest) -> pb.Empty:
        """Write the confirmation to the log, where `kubectl logs` shows it."""
        if "@" not in request.email:
            raise Refusal("INVALID_ARGUMENT", "an email address is needed")
        logs.info("order confirmation sent", to=request.email, order=request.order.order_id)
        for line in confirmation(request.order):
            logs.info(f"  | {line}".rstrip())
        return pb.Empty()


def confirmation(order: pb.OrderResult) -> list[str]:
    """The text of the confirmation, line by line."""
    names = {product.id: product.name for product in catalogue.PRODUCTS}
    lines = ["Thank you for your order!", ""]
    lines += [f"Order     {order.order_id}", f"Tracking  {order.shipping_tracking_id}", ""]
    for line in order.items:
        name = names.get(line.item.product_id, line.item.product_id)
        lines.append(_row(f"{line.item.quantity:>3} x", name, money.multiply(line.cost, line.item.quantity)))
    lines += [_row("", "Shipping", order.shipping_cost), _row("", "Total", order_total(order))]
    where = order.shipping_address
    lines += ["", f"It goes to {where.street_address}, {where.zip_code} {where.city}, {where.country}."]
    return lines


def _row(count: str, name: str, amount: pb.Money) -> str:
    return f"{count:<5} {name:<28} {money.text(amount):>12}"


def order_total(order: pb.OrderResult) -> pb.Money:
    """What the order costs with shipping, in its currency."""
    costs = (money.multiply(line.cost, line.item.quantity) for line in order.items)
    return money.total(order.shipping_cost.currency_code, [order.shipping_cost, *costs])
