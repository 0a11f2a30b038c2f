"""The bytes between two sockets that have been joined, both ways, until both have said their last.

Works on the sockets themselves: for the short messages of gRPC, protocols and
transports would cost more than twice as much. A slow end slows the other down
(at most one piece is kept), and each direction ends on its own (half-close).
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

PIECE = 64 * 1024


class Relay:
    """Two sockets, non-blocking; closes both when it is over. `closed` is called once."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, front: socket.socket, back: socket.socket, closed: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._ends = (front, back)
        self._closed: Callable[[], None] | None = closed
        self._forth = _Direction(loop, front, back, self)
        self._return = _Direction(loop, back, front, self)

    def start(self, to_back: bytes, to_front: bytes) -> None:
        """Begin, with what each end gets to read first."""
        self._forth.begin(to_back)
        self._return.begin(to_front)

    def ended(self) -> None:
        """A direction is over: so is the relay when both are."""
        if self._forth.over and self._return.over:
            self.close()

    def close(self) -> None:
        """Cut both ends now."""
        if self._closed is None:
            return
        told, self._closed = self._closed, None
        self._forth.over = self._return.over = True
        for end in self._ends:
            self._loop.remove_reader(end.fileno())
            self._loop.remove_writer(end.fileno())
            end.close()
        told()


class _Direction:
    """From one socket to the other."""

    __slots__ = ("_loop", "_recv", "_relay", "_rest", "_send", "_shutdown", "_source", "_target", "over")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, source: socket.socket, target: socket.socket, relay: Relay
    ) -> None:
        self._loop = loop
        # The loop is asked by number: it makes a text of a socket that it doesn't know yet.
        self._source = source.fileno()
        self._target = target.fileno()
        self._recv = source.recv
        self._send = target.send
        self._shutdown = target.shutdown
        self._relay = relay
        self._rest: memoryview | None = None
        self.over = False

    def begin(self, first: bytes) -> None:
        if first and not self.over:
            self._write(first)
        if self._rest is None and not self.over:
            self._loop.add_reader(self._source, self._read)

    def _read(self) -> None:
        try:
            data = self._recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._relay.close()
            return
        if data:
            self._write(data)
        else:
            self._end()

    def _write(self, data: bytes) -> None:
        try:
            sent = self._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._give_up()
            return
        if sent < len(data):
            # The target is slow: read no more until it has taken this.
            self._rest = memoryview(data)[sent:]
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._target, self._go_on)

    def _go_on(self) -> None:
        assert self._rest is not None
        try:
            sent = self._send(self._rest)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._give_up()
            return
        self._rest = self._rest[sent:]
        if not self._rest:
            self._rest = None
            self._loop.remove_writer(self._target)
            self._loop.add_reader(self._source, self._read)

    def _end(self) -> None:
        """The source has said its last byte: tell the target, which may still answer."""
        self.over = True
        self._loop.remove_reader(self._source)
        with contextlib.suppress(OSError):  # it may have gone already
            self._shutdown(socket.SHUT_WR)
        self._relay.ended()

    def _give_up(self) -> None:
        """The target takes no more, but may have said something before it left: the other way goes on to its end."""
        self.over = True
        self._rest = None
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._target)
        self._relay.ended()
