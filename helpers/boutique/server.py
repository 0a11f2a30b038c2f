"""A gRPC server for one service of the shop: listening, health, request log, quick shutdown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from helpers.boutique import logs
from helpers.boutique.failures import RpcFailure
from helpers.boutique.wire import Method

__all__ = ["Handler", "Handlers", "Refusal", "Service", "serve"]

Handler = Callable[[Any], Awaitable[Any]]
Handlers = Mapping[Method[Any, Any], Handler]

# In-flight calls get this long (s) after SIGTERM.
GRACE = 0.3


class Service(Protocol):
    """What a service of the shop is: a handler for each of its methods, and an end."""

    def handlers(self) -> Handlers: ...

    async def close(self) -> None: ...


class Refusal(Exception):
    """A handler's answer that it cannot: `code` is gRPC's name in capitals, such as INVALID_ARGUMENT."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


async def serve(service: Service, name: str, where: str | tuple[str, int], stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Raises OSError if nothing can listen at `where`."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    for handler in _generic_handlers(service.handlers()):
        server.add_generic_rpc_handlers((handler,))
    health = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    target = f"unix:{where}" if isinstance(where, str) else f"{where[0]}:{where[1]}"
    try:
        server.add_insecure_port(target)
    except RuntimeError as failure:
        raise OSError(f"{name} cannot listen on {target}: is something else using it?") from failure
    await server.start()
    await health.set("", health_pb2.HealthCheckResponse.SERVING)
    logs.info(f"{name} is listening", on=target)
    try:
        await stop.wait()
    finally:
        await health.enter_graceful_shutdown()
        await server.stop(GRACE)
        await service.close()
        logs.info(f"{name} has stopped")


def _generic_handlers(handlers: Handlers) -> list[Any]:
    by_service: dict[str, dict[str, Any]] = {}
    for method, handler in handlers.items():
        by_service.setdefault(method.service, {})[method.name] = grpc.unary_unary_rpc_method_handler(
            _logged(method.name, handler),
            request_deserializer=method.request.FromString,
            response_serializer=method.response.SerializeToString,
        )
    return [
        grpc.method_handlers_generic_handler(f"hipstershop.{service}", table) for service, table in by_service.items()
    ]


def _logged(name: str, handler: Handler) -> Callable[[Any, Any], Awaitable[Any]]:
    """`handler` with one log line a request, and its failures as gRPC statuses."""

    async def respond(request: Any, context: Any) -> Any:
        start = time.perf_counter()
        code, cause = "OK", None
        try:
            return await handler(request)
        except Refusal as refusal:
            code, cause = refusal.code, str(refusal)
        except RpcFailure as failure:
            code, cause = "INTERNAL", str(failure)
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        except Exception as fault:
            code, cause = "INTERNAL", f"{type(fault).__name__}: {fault}"
        finally:
            elapsed = (time.perf_counter() - start) * 1000
            if cause is None:
                logs.info(name, code=code, ms=elapsed)
            else:
                logs.error(name, code=code, ms=elapsed, cause=cause)
        await context.abort(grpc.StatusCode[code], cause)

    return respond
