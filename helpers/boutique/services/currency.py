"""currencyservice: the shop's own table of exchange rates, and conversion with it."""

from __future__ import annotations

from fractions import Fraction

from helpers.boutique import money, wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers, Refusal

# How much of each one US dollar buys. Made up for the shop, roughly of the right size, and never updated.
_PER_DOLLAR = {
    "AUD": "1.52", "BGN": "1.68", "BRL": "5.40", "CAD": "1.39", "CHF": "0.80", "CNY": "7.12", "CZK": "20.9",
    "DKK": "6.41", "EUR": "0.86", "GBP": "0.75", "HKD": "7.78", "HUF": "335", "IDR": "16600", "ILS": "3.30",
    "INR": "88.5", "ISK": "124", "JPY": "152", "KRW": "1430", "MXN": "18.4", "MYR": "4.20", "NOK": "10.1",
    "NZD": "1.74", "PHP": "58.5", "PLN": "3.65", "RON": "4.37", "SEK": "9.45", "SGD": "1.30", "THB": "32.5",
    "TRY": "42.0", "USD": "1", "ZAR": "17.3",
}  # fmt: skip
_RATES = {code: Fraction(rate) for code, rate in _PER_DOLLAR.items()}


class CurrencyService:
    """Implements hipstershop.CurrencyService."""

    def handlers(self) -> Handlers:
        return {wire.GET_SUPPORTED_CURRENCIES: self.get_supported_currencies, wire.CONVERT: self.convert}

    async def close(self) -> None:
        """Nothing to release."""

    async def get_supported_currencies(self, request: pb.Empty) -> pb.GetSupportedCurrenciesResponse:
        """All codes of the table, sorted."""
        return pb.GetSupportedCurrenciesResponse(currency_codes=sorted(_RATES))

    async def convert(self, request: pb.CurrencyConversionRequest) -> pb.Money:
        """An amount in another currency."""
        source = getattr(request, "from")
        for code in (source.currency_code, request.to_code):
            if code not in _RATES:
                raise Refusal("INVALID_ARGUMENT", f"currency {code!r} is not supported")
        if not money.is_valid(source):
            raise Refusal("INVALID_ARGUMENT", "units and nanos of an amount must have the same sign")
        return money.convert(source, request.to_code, _RATES[request.to_code] / _RATES[source.currency_code])
