"""Carts in Redis, over one connection that goes through the gateway where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from helpers.boutique.dialer import seconds
from helpers.boutique.failures import dial_failure
from helpers.boutique.tunnel import open_connection

__all__ = ["Storage", "StorageFailure"]

# Shares of RPC_DEADLINE (3 s), which is how long callers wait: to connect or to answer, below it so that they hear why,
# and above the gateway's answer to a blocked lookup (2 s); and altogether, with the wait for the one connection.
_TIMEOUT, _BUDGET = 5 / 6, 14 / 15
_KEPT = 24 * 3600


class StorageFailure(Exception):
    """Redis was out of reach or answered with an error; the text says which."""


class _GatewayConnection(Connection):
    """redis-py's connection, dialled with `open_connection`."""

    environ: Mapping[str, str]
    patience: float

    async def _connect(self) -> None:
        try:
            self._reader, self._writer = await open_connection(self.host, int(self.port), self.patience, self.environ)
        except ConnectionError as error:
            raise RedisConnectionError(str(error)) from error


class Storage:
    """Carts by visitor: a hash of quantities under the key `cart:VISITOR`, forgotten a day after its last change.

    One connection, opened by the first use and kept: "the established connection" of the lessons is one thing.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        host, _, port = address.rpartition(":")
        deadline = seconds(environ, "RPC_DEADLINE", 3.0)
        self._budget, timeout = deadline * _BUDGET, deadline * _TIMEOUT
        settings = {"environ": environ, "patience": timeout}
        connection_class = type("GatewayConnection", (_GatewayConnection,), settings)
        self._address = address
        self._redis: Any = Redis(
            connection_pool=BlockingConnectionPool(
                connection_class=connection_class,
                host=host,
                port=int(port),
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                retry=Retry(NoBackoff(), 0),
                max_connections=1,
                timeout=timeout,
                protocol=2,
                decode_responses=True,
            )
        )

    async def add(self, user: str, product: str, quantity: int, most: int) -> None:
        """Add `quantity` of `product`, up to `most` of it altogether."""
        key = _key(user)
        count = int(await self._run(self._redis.hincrby, key, product, quantity))
        if count > most:
            await self._run(self._redis.hset, key, product, most)
        await self._run(self._redis.expire, key, _KEPT)

    async def items(self, user: str) -> list[tuple[str, int]]:
        """(product, quantity) in the order of their adding."""
        found = await self._run(self._redis.hgetall, _key(user))
        return [(product, int(quantity)) for product, quantity in found.items()]

    async def forget(self, user: str) -> None:
        """Remove the visitor's cart."""
        await self._run(self._redis.delete, _key(user))

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose(close_connection_pool=True)

    async def _run(self, command: Any, *arguments: object) -> Any:
        try:
            async with asyncio.timeout(self._budget):
                return await command(*arguments)
        except TimeoutError:
            # Others waited for the one connection before us.
            raise StorageFailure(dial_failure(self._address, "")) from None
        except RedisError as error:
            raise StorageFailure(str(error) or f"{self._address} gave no answer") from error


def _key(user: str) -> str:
    return f"cart:{user}"
