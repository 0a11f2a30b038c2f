"""adservice: a line of advertising that fits what the visitor looks at."""

from __future__ import annotations

import random

from helpers.boutique import wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers

_ADS: dict[str, tuple[tuple[str, str], ...]] = {
    "accessories": (
        ("OLJCESPC7Z", "Sunshine is free. Looking good in it costs a little less this week."),
        ("1YMWWN1N4O", "Be early, or at least know by how much you are late."),
    ),
    "clothing": (("66VCHSJNUP", "Two tops, one summer, no ironing."),),
    "footwear": (("L9ECAV7KIM", "Walk home the long way round."),),
    "hair": (("2ZYFJ3GM2N", "Dry in four minutes, quiet for all of them."),),
    "decor": (("0PUK6V6EV0", "One candle, and the power cut becomes an evening."),),
    "kitchen": (
        ("9SIQT8TOJO", "Everything tastes better from a jar with a wooden lid."),
        ("6E92ZMYYFZ", "The mug that survives every meeting."),
    ),
}
_COUNT = 2


class AdService:
    """Implements hipstershop.AdService."""

    def handlers(self) -> Handlers:
        return {wire.GET_ADS: self.get_ads}

    async def close(self) -> None:
        """Nothing to release."""

    async def get_ads(self, request: pb.AdRequest) -> pb.AdResponse:
        """The ads of the categories in `context_keys`; two of all of them if none fits."""
        fitting = [ad for key in request.context_keys for ad in _ADS.get(key.lower(), ())]
        chosen = fitting or random.sample([ad for ads in _ADS.values() for ad in ads], _COUNT)
        return pb.AdResponse(ads=[pb.Ad(redirect_url=f"product/{product}", text=text) for product, text in chosen])
