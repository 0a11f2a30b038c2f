"""shippingservice: what sending a parcel costs, and the number to follow it by."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from helpers.boutique import logs, wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers

# In cents of a US dollar: the parcel, and each piece after the first.
_PARCEL = 499
_FURTHER = 100


class ShippingService:
    """Implements hipstershop.ShippingService."""

    def handlers(self) -> Handlers:
        return {wire.GET_QUOTE: self.get_quote, wire.SHIP_ORDER: self.ship_order}

    async def close(self) -> None:
        """Nothing to release."""

    async def get_quote(self, request: pb.GetQuoteRequest) -> pb.GetQuoteResponse:
        """What the parcel costs, in US dollars. An empty cart ships for nothing."""
        cents = quote(item.quantity for item in request.items)
        return pb.GetQuoteResponse(
            cost_usd=pb.Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10_000_000)
        )

    async def ship_order(self, request: pb.ShipOrderRequest) -> pb.ShipOrderResponse:
        """Hand the parcel over; the answer has its tracking number."""
        tracking = tracking_id()
        logs.info("parcel handed over", tracking=tracking, pieces=sum(item.quantity for item in request.items))
        return pb.ShipOrderResponse(tracking_id=tracking)


def quote(quantities: Iterable[int]) -> int:
    """Cents of a US dollar for a parcel of so many pieces of each product."""
    pieces = sum(quantities)
    return _PARCEL + _FURTHER * (pieces - 1) if pieces > 0 else 0


def tracking_id() -> str:
    """A fresh number such as HS-4F2A-91C0-7B35."""
    digits = uuid.uuid4().hex[:12].upper()
    return "HS-" + "-".join(digits[start : start + 4] for start in (0, 4, 8))
