"""recommendationservice: other products that might please."""

from __future__ import annotations

import random

from helpers.boutique import wire
from helpers.boutique.dialer import Dialer
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers

_MOST = 5


class RecommendationService:
    """Implements hipstershop.RecommendationService; asks productcatalogservice for what there is."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._catalogue = dialer.peer("PRODUCT_CATALOG_SERVICE_ADDR")

    def handlers(self) -> Handlers:
        return {wire.LIST_RECOMMENDATIONS: self.list_recommendations}

    async def close(self) -> None:
        """Close the connection to the catalogue."""
        await self._dialer.close()

    async def list_recommendations(self, request: pb.ListRecommendationsRequest) -> pb.ListRecommendationsResponse:
        """Up to five products by chance, none of those that the visitor has already seen."""
        everything = await self._catalogue(wire.LIST_PRODUCTS, pb.Empty())
        others = [product.id for product in everything.products if product.id not in request.product_ids]
        return pb.ListRecommendationsResponse(product_ids=random.sample(others, min(_MOST, len(others))))
