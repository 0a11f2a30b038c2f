"""What an order's page shows, in the page's own address.

The shop keeps no orders. So the page can be loaded again, in another tab, by another pod of the frontend or by its next
one; the address holds no name, no e-mail and no card.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from helpers.boutique import money
from helpers.boutique.frontend.pages import OFFERED, PageFailure
from helpers.boutique.protos import hipstershop_pb2 as pb

_SHAPES = {
    "tracking": r"[A-Za-z0-9-]{1,64}",
    "shipping": r"[0-9]{1,12}(\.[0-9]{1,9})?",
    "total": r"[0-9]{1,12}(\.[0-9]{1,9})?",
    "items": r"[A-Z0-9]{1,32}(,[A-Z0-9]{1,32}){0,31}",
}


@dataclass(frozen=True)
class Receipt:
    """An order as its page shows it; `items` are the products' numbers."""

    number: str
    tracking: str
    shipping: pb.Money
    total: pb.Money
    items: tuple[str, ...]

    @classmethod
    def of(cls, order: pb.OrderResult) -> Receipt:
        """The receipt for an order that was placed."""
        costs = [money.multiply(line.cost, line.item.quantity) for line in order.items]
        amount = money.total(order.shipping_cost.currency_code, [order.shipping_cost, *costs])
        items = tuple(line.item.product_id for line in order.items)
        return cls(order.order_id, order.shipping_tracking_id, order.shipping_cost, amount, items)

    @classmethod
    def read(cls, number: str, query: Mapping[str, str]) -> Receipt:
        """The receipt in the address of an order's page. Raises PageFailure (404) if it was cut or changed."""
        code = query.get("currency", "")
        shown = re.fullmatch(r"[A-Za-z0-9-]{1,64}", number) and code in OFFERED
        if not shown or not all(re.fullmatch(shape, query.get(key, "")) for key, shape in _SHAPES.items()):
            raise PageFailure(f"this is not the whole address of order {number}'s page", 404)
        shipping, total = (_amount(code, query[key]) for key in ("shipping", "total"))
        return cls(number, query["tracking"], shipping, total, tuple(query["items"].split(",")))

    @property
    def address(self) -> str:
        """The page's address, from the shop's root on."""
        fields = {
            "currency": self.total.currency_code,
            "shipping": _digits(self.shipping),
            "total": _digits(self.total),
            "tracking": self.tracking,
            "items": ",".join(self.items),
        }
        return f"order/{self.number}?{urlencode(fields, safe=',')}"


def _digits(amount: pb.Money) -> str:
    whole, nanos = divmod(money.in_nanos(amount), money.NANOS)
    return f"{whole}.{nanos:09}".rstrip("0").rstrip(".")


def _amount(code: str, digits: str) -> pb.Money:
    whole, _, rest = digits.partition(".")
    return money.money(code, int(whole) * money.NANOS + int(rest.ljust(9, "0")))
