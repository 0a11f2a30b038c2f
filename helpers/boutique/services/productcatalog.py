"""productcatalogservice: what the shop sells."""

from __future__ import annotations

from helpers.boutique import catalogue, wire
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.server import Handlers, Refusal


class ProductCatalogService:
    """Implements hipstershop.ProductCatalogService."""

    def handlers(self) -> Handlers:
        return {
            wire.LIST_PRODUCTS: self.list_products,
            wire.GET_PRODUCT: self.get_product,
            wire.SEARCH_PRODUCTS: self.search_products,
        }

    async def close(self) -> None:
        """Nothing to release."""

    async def list_products(self, request: pb.Empty) -> pb.ListProductsResponse:
        """All products."""
        return pb.ListProductsResponse(products=catalogue.PRODUCTS)

    async def get_product(self, request: pb.GetProductRequest) -> pb.Product:
        """One product; NOT_FOUND if there is none of that id."""
        for product in catalogue.PRODUCTS:
            if product.id == request.id:
                return product
        raise Refusal("NOT_FOUND", f"no product with ID {request.id}")

    async def search_products(self, request: pb.SearchProductsRequest) -> pb.SearchProductsResponse:
        """The products whose name or description holds the words of the query."""
        words = request.query.lower().split()
        found = (
            product
            for product in catalogue.PRODUCTS
            if all(word in f"{product.name} {product.description}".lower() for word in words)
        )
        return pb.SearchProductsResponse(results=found)
