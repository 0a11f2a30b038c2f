"""One connection through the gateway: a caller's end, the pod's end, and the bytes between them.

A `Caller` is asked for, decided on, and then either joined with a `Callee`,
parked in silence, or answered and closed. Both ends push back when the other is
slow, and each direction may end on its own (half-close).
"""

import asyncio
from typing import Protocol, cast

from .decision import Answer, Connect, Decision, Park, Source
from .request import Request

# What a caller may send before it is through.
EARLY_BYTES = 64 * 1024


class Hub(Protocol):
    """What a connection asks of the gateway."""

    def decide(self, source: Source, request: Request, again: bool = False) -> Decision: ...
    def opened(self, caller: "Caller") -> None: ...
    def joined(self, caller: "Caller") -> None: ...
    def park(self, caller: "Caller", lookup: bool) -> None: ...
    def forget(self, caller: "Caller") -> None: ...


class Caller(asyncio.Protocol):
    """The end that wants to connect. Subclasses say how a request is read and how it is answered."""

    connect_seconds = 127.0
    """How long a dropped attempt waits; Linux gives up on a SYN that nobody answers after as long."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._early = bytearray()
        self._ended = False
        self._callee: Callee | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.source: Source = ""
        self.target_uid: str | None = None

    # What subclasses add.

    def started(self) -> None:
        """The connection is accepted."""

    def read_head(self, early: bytearray) -> None:
        """Bytes have come before a request was made: look for one, and call `ask`."""

    def answer(self, status: int, reason: str, detail: str = "") -> None:
        """Tell the caller that it won't be connected, and close."""
        raise NotImplementedError

    def greet(self) -> bytes:
        """What the caller gets to read before the pod's first byte."""
        return b""

    def introduce(self) -> bytes:
        """What the pod gets to read before the caller's first byte."""
        return b""

    # Deciding.

    def ask(self, source: Source, request: Request) -> None:
        """Request a connection; decides at once."""
        self.source, self._request = source, request
        self._act(self._hub.decide(source, request))

    def ask_again(self) -> None:
        """A parked request is judged anew, as a repeated SYN would be."""
        if self._request is not None and self._dialling is None and not self.transport.is_closing():
            self._act(self._hub.decide(self.source, self._request, again=True))

    def give_up(self, reason: str) -> None:
        """A parked request has waited long enough."""
        self._hub.forget(self)
        self.answer(504, reason)

    def _act(self, decision: Decision) -> None:
        if isinstance(decision, Park):
            self._hub.park(self, decision.lookup)
            return
        self._hub.joined(self)
        if isinstance(decision, Answer):
            self.answer(decision.status, decision.reason, decision.detail)
        else:
            self.target_uid = decision.uid
            self.transport.pause_reading()
            self._dialling = asyncio.get_running_loop().create_task(self._dial(decision))

    async def _dial(self, where: Connect) -> None:
        loop = asyncio.get_running_loop()
        try:
            if isinstance(where.path, str):
                _, callee = await loop.create_unix_connection(lambda: Callee(self), where.path)
            else:
                _, callee = await loop.create_connection(lambda: Callee(self), *where.path)
        except OSError:
            where.settle(False)
            self.answer(502, "connection refused")
            return
        where.settle(True)
        if self.transport.is_closing():
            callee.transport.abort()
            return
        self._callee = callee
        self.transport.resume_reading()
        if greeting := self.greet():
            self.transport.write(greeting)
        if first := self.introduce() + bytes(self._early):
            callee.transport.write(first)
        self._early.clear()

    # The transport's calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._hub.opened(self)
        self.started()

    def data_received(self, data: bytes) -> None:
        if self._callee is not None:
            self._callee.transport.write(data)
            return
        self._early += data
        if len(self._early) > EARLY_BYTES:
            self.transport.abort()
        elif self._request is None:
            self.read_head(self._early)

    def eof_received(self) -> bool:
        self._ended = True
        if self._callee is not None:
            return self._callee.end()
        return False  # a caller that ends before it is answered has gone away

    def pause_writing(self) -> None:
        if self._callee is not None:
            self._callee.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._callee is not None:
            self._callee.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._hub.forget(self)
        if self._callee is not None:
            _hang_up(self._callee.transport, error)
        elif self._dialling is not None and not self._dialling.done():
            self._dialling.cancel()

    def end(self) -> bool:
        """The pod has said its last byte; returns whether the caller may still speak."""
        return _end(self.transport) and not self._ended

    def cut(self) -> None:
        """End both ends now."""
        self.transport.abort()


class Callee(asyncio.Protocol):
    """The pod's end of a connection that was let through."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._ended = False
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._caller.transport.write(data)

    def eof_received(self) -> bool:
        self._ended = True
        return self._caller.end()

    def pause_writing(self) -> None:
        self._caller.transport.pause_reading()

    def resume_writing(self) -> None:
        self._caller.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        _hang_up(self._caller.transport, error)

    def end(self) -> bool:
        """The caller has said its last byte; returns whether the pod may still speak."""
        return _end(self.transport) and not self._ended


def _end(transport: asyncio.Transport) -> bool:
    """Half-close; False if the transport is closing anyway."""
    if transport.is_closing():
        return False
    transport.write_eof()
    return True


def _hang_up(transport: asyncio.Transport, error: Exception | None) -> None:
    """Close what is left of a connection: what was written is still sent, unless the other end broke off."""
    if error is not None:
        transport.abort()
    elif not transport.is_closing():
        transport.close()
