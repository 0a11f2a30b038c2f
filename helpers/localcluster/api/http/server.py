"""Listen on loopback, over TLS."""

import asyncio
import asyncio.sslproto
import contextlib
import gc
import socket
import ssl

from helpers.localcluster.api.http.connection import Application, Connection
from helpers.localcluster.doors.door import Door, Strangers

HANDSHAKE_SECONDS = 5.0
STRANGERS = 256  # that shake hands, or have not shown a token yet
CONNECTIONS = 800  # that have
FAILED_AT_ONCE = 100  # handshakes whose remains may lie about

# asyncio's buffer for each connection; TLS never hands over more than 16 KiB at once.
asyncio.sslproto.SSLProtocol.max_size = 16 * 1024


class Server:
    """A listening socket and its connections. `await stop()` leaves nothing behind."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._strangers = Strangers(STRANGERS)
        self._connections: dict[Connection, None] = {}
        self._trusted: dict[Connection, None] = {}  # oldest first
        self._failed = 0
        self._door = Door(self._shake_hands, self._strangers)
        self._tls: ssl.SSLContext

    async def start(self, tls: ssl.SSLContext, port: int = 0) -> int:
        """Listen on 127.0.0.1; returns the port. Raises OSError when it is taken."""
        self._tls = tls
        return self._door.open(port)

    async def stop(self) -> None:
        """Stop listening and end every connection and what runs for it."""
        await self._door.close()
        tasks = [task for connection in [*self._connections] if (task := connection.cancel())]
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- what connections tell -------------------------------------------------

    @property
    def count(self) -> int:
        """How many connections there are that speak TLS."""
        return len(self._connections)

    def connected(self, connection: Connection) -> None:
        """A connection speaks TLS from now on."""
        self._connections[connection] = None
        self._strangers.enter(connection)

    def trusted(self, connection: Connection) -> None:
        """It has shown the token. One client too many takes the place of one that can begin anew."""
        self._strangers.leave(connection)
        self._trusted[connection] = None
        if len(self._trusted) > CONNECTIONS:
            spare = next((held for held in self._trusted if held.spare), connection)
            del self._trusted[spare]  # now, not when it has gone: another may come first
            spare.cut()

    def lost(self, connection: Connection) -> None:
        """It has ended."""
        self._connections.pop(connection, None)
        self._trusted.pop(connection, None)
        self._strangers.leave(connection)

    # -- the beginning -----------------------------------------------------------

    async def _shake_hands(self, link: socket.socket) -> None:
        """A client has begun to speak: TLS comes first."""
        stranger = _Handshake(link)
        self._strangers.enter(stranger)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Connection(self._application, self),
                link,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=2,
            )
        except OSError:
            self._clear_up()
            raise
        finally:
            self._strangers.leave(stranger)

    def _clear_up(self) -> None:
        """What asyncio keeps of a failed handshake, 70 KB, is a circle that only the collector finds."""
        self._failed += 1
        if self._failed % FAILED_AT_ONCE == 0:
            asyncio.get_running_loop().call_soon(gc.collect)


class _Handshake:
    """A stranger between its first byte and TLS."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def cut(self) -> None:
        """End it as if the client had gone; asyncio clears up."""
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
