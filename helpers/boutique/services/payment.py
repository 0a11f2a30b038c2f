"""paymentservice: checks a card and charges it. No money moves and no card data is kept or logged."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from helpers.boutique import logs, money, wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers, Refusal


class PaymentService:
    """Implements hipstershop.PaymentService."""

    def handlers(self) -> Handlers:
        return {wire.CHARGE: self.charge}

    async def close(self) -> None:
        """Nothing to release."""

    async def charge(self, request: pb.ChargeRequest) -> pb.ChargeResponse:
        """Charge a VISA or Mastercard that has not expired; the answer has the transaction's id."""
        card = request.credit_card
        now = datetime.now(UTC)
        problem = card_problem(
            card.credit_card_number,
            (card.credit_card_expiration_year, card.credit_card_expiration_month),
            (now.year, now.month),
        )
        if problem:
            raise Refusal("INVALID_ARGUMENT", problem)
        transaction = str(uuid.uuid4())
        logs.info("card charged", transaction=transaction, amount=money.text(request.amount))
        return pb.ChargeResponse(transaction_id=transaction)


def card_problem(number: str, expires: tuple[int, int], today: tuple[int, int]) -> str:
    """Why a card is refused, "" if it isn't. Dates are (year, month). The text never holds the number."""
    digits = number.replace("-", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        return "the credit card number is not valid"
    if not _accepted(digits):
        return "this shop takes VISA and Mastercard only"
    if not 1 <= expires[1] <= 12:
        return "the credit card's month of expiry is not between 1 and 12"
    if expires < today:
        return f"the credit card expired in {expires[1]}/{expires[0]}"
    return ""


def _accepted(digits: str) -> bool:
    mastercard = 51 <= int(digits[:2]) <= 55 or 2221 <= int(digits[:4]) <= 2720
    return (digits[0] == "4" and len(digits) in (13, 16, 19)) or (mastercard and len(digits) == 16)


def _luhn(digits: str) -> bool:
    """Whether the check digit is right: from the right, every second digit counts double, digit by digit."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
