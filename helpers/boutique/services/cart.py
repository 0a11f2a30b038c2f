"""cartservice: one cart per visitor, kept in redis-cart under one key each."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.boutique import logs, wire
from helpers.boutique.dialer import address
from helpers.boutique.protos import hipstershop_pb2 as pb
from helpers.boutique.redis_client import Storage, StorageFailure
from helpers.boutique.server import Handlers, Refusal

_MOST = 99


class CartService:
    """Implements hipstershop.CartService. A cart is a Redis hash: product id -> quantity."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._storage = Storage(address(environ, "REDIS_ADDR"), environ)

    def handlers(self) -> Handlers:
        return {wire.ADD_ITEM: self.add_item, wire.GET_CART: self.get_cart, wire.EMPTY_CART: self.empty_cart}

    async def close(self) -> None:
        """Close the connection to redis-cart."""
        await self._storage.close()

    async def add_item(self, request: pb.AddItemRequest) -> pb.Empty:
        """Add a quantity of a product; at most 99 of each stay in the cart."""
        if not request.user_id or not request.item.product_id:
            raise Refusal("INVALID_ARGUMENT", "a user id and a product id are needed")
        if not 0 < request.item.quantity <= _MOST:
            raise Refusal("INVALID_ARGUMENT", f"quantity {request.item.quantity} is not between 1 and {_MOST}")
        try:
            await self._storage.add(request.user_id, request.item.product_id, request.item.quantity, _MOST)
        except StorageFailure as failure:
            raise _refusal(failure) from failure
        return pb.Empty()

    async def get_cart(self, request: pb.GetCartRequest) -> pb.Cart:
        """The visitor's cart, empty for an unknown visitor."""
        try:
            items = await self._storage.items(request.user_id)
        except StorageFailure as failure:
            raise _refusal(failure) from failure
        return pb.Cart(
            user_id=request.user_id,
            items=[pb.CartItem(product_id=product, quantity=quantity) for product, quantity in items],
        )

    async def empty_cart(self, request: pb.EmptyCartRequest) -> pb.Empty:
        """Forget the visitor's cart."""
        try:
            await self._storage.forget(request.user_id)
        except StorageFailure as failure:
            raise _refusal(failure) from failure
        return pb.Empty()


def _refusal(failure: StorageFailure) -> Refusal:
    logs.warning("the carts are out of reach", cause=failure)
    return Refusal("FAILED_PRECONDITION", f"can't reach the cart storage: {failure}")
