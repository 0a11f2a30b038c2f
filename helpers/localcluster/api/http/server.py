"""Listen on loopback, over TLS."""

import asyncio
import ssl

from .connection import Application, Connection

HANDSHAKE_SECONDS = 10.0
CONNECTIONS = 800  # below the usual limit of 1,024 files a process


class Server:
    """A listening socket and its connections. `await stop()` leaves nothing behind."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._connections: dict[Connection, None] = {}  # oldest first
        self._server: asyncio.Server | None = None

    async def start(self, tls: ssl.SSLContext, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connect, host, port, ssl=tls, ssl_handshake_timeout=HANDSHAKE_SECONDS, ssl_shutdown_timeout=2
        )
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def stop(self) -> None:
        """Stop listening and end every connection and what runs for it."""
        if not self._server:
            return
        self._server.close()
        tasks = [task for connection in [*self._connections] if (task := connection.cancel())]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _connect(self) -> asyncio.Protocol:
        if len(self._connections) >= CONNECTIONS:
            # Whoever never showed a token goes first: strangers can't keep the owner out.
            stranger = next((held for held in self._connections if not held.trusted), None)
            if stranger is None:
                return _Refusal()
            del self._connections[stranger]
            stranger.transport.abort()
        return Connection(self._application, self._connections)


class _Refusal(asyncio.Protocol):
    """Closes at once: there are too many connections."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
