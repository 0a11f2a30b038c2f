"""One connection through the gateway, from the request to the joining of its ends.

A `Caller` asks, and is either joined with a pod's socket, parked in silence, or
answered and closed. One that sends datagrams is joined at once, and judged later.
"""

import asyncio
import socket
from typing import Protocol, cast

from helpers.localcluster.dataplane.datagrams import DatagramRelay
from helpers.localcluster.dataplane.decision import Answer, Connect, Decision, Member, Park, Source, address_of
from helpers.localcluster.dataplane.relay import Relay
from helpers.localcluster.dataplane.request import Request
from helpers.localcluster.dataplane.sources import introduce
from helpers.localcluster.doors.door import Strangers

# What a caller may send before it is through.
EARLY_BYTES = 64 * 1024
# A pod that accepts nothing for so long counts as one that doesn't listen.
BACKLOG_SECONDS = 3.0
_BACKLOG_PAUSE = 0.005


class Hub(Protocol):
    """What a connection asks of the gateway."""

    def decide(self, source: Source, request: Request, again: bool = False) -> Decision: ...
    def admit(self, caller: "Caller") -> bool: ...
    def answered(self, caller: "Caller") -> None: ...
    def park(self, caller: "Caller", lookup: bool) -> None: ...
    def forget(self, caller: "Caller") -> None: ...


class Caller(asyncio.Protocol):
    """The end that wants to connect. Subclasses say how a request is read and how it is answered."""

    connect_seconds = 127.0
    """How long a dropped attempt waits; Linux gives up on a SYN that nobody answers after as long."""

    def __init__(self, hub: Hub, strangers: Strangers) -> None:
        """`strangers` are those at the same door who haven't shown yet that they may ask."""
        self._hub = hub
        self._strangers = strangers
        self._early = bytearray()
        self._request: Request | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._relay: Relay | DatagramRelay | None = None
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.source: Source = ""
        self._target_uid: str | None = None

    @property
    def target_uid(self) -> str | None:
        """The pod that the connection leads to."""
        return self._relay.target_uid if isinstance(self._relay, DatagramRelay) else self._target_uid

    @property
    def account(self) -> str:
        """By whom connections are counted."""
        return self.source.uid if isinstance(self.source, Member) else self.source

    @property
    def patience(self) -> float | None:
        """Seconds after which the client wants an answer to a drop."""
        return self._request.patience if self._request else None

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
        """Request a connection, once the caller has shown that it may; decides at once."""
        self.source, self._request = source, request
        self._strangers.leave(self)
        if self._hub.admit(self):
            self._act(self._hub.decide(source, request))
        else:
            self.answer(503, "too many connections")

    def carry_datagrams(self, source: Source, request: Request) -> None:
        """Open a flow of UDP: what the caller sends is judged when it comes."""
        self.source, self._request = source, request
        self._strangers.leave(self)
        if not self._hub.admit(self):
            self.answer(503, "too many connections")
            return
        front = self._leave_transport()
        self._relay = relay = DatagramRelay(
            asyncio.get_running_loop(),
            front,
            lambda: self._hub.decide(source, request),
            address_of(source),
            self._forget,
        )
        early, self._early = bytes(self._early), bytearray()
        relay.start(early, self.greet())

    def ask_again(self) -> None:
        """A parked request is judged anew, as a repeated SYN would be."""
        if self._request is not None and not self.transport.is_closing():
            self._act(self._hub.decide(self.source, self._request, again=True))

    def give_up(self, reason: str) -> None:
        """A parked request has waited long enough."""
        self._hub.forget(self)
        self.answer(504, reason)

    def _act(self, decision: Decision) -> None:
        if isinstance(decision, Park):
            self._hub.park(self, decision.lookup)
            return
        self._hub.answered(self)
        if isinstance(decision, Answer):
            self.answer(decision.status, decision.reason, decision.detail)
            return
        self._target_uid = decision.uid
        self.transport.pause_reading()
        if not self._dial_at_once(decision):
            self._dialling = asyncio.get_running_loop().create_task(self._dial(decision))

    # Dialling.

    def _dial_at_once(self, where: Connect) -> bool:
        """Connect to a pod that has room for a connection; False if that takes waiting."""
        if not isinstance(where.path, str):
            return False
        end = socket.socket(socket.AF_UNIX)
        end.setblocking(False)
        introduce(end, address_of(self.source))
        try:
            end.connect(where.path)
        except BlockingIOError:
            end.close()
            return False
        except OSError:
            end.close()
            self._refused(where)
        else:
            self._join(where, end)
        return True

    async def _dial(self, where: Connect) -> None:
        """Connect to a pod whose backlog is full, or over TCP."""
        end = socket.socket(socket.AF_UNIX if isinstance(where.path, str) else socket.AF_INET)
        end.setblocking(False)
        if isinstance(where.path, str):
            introduce(end, address_of(self.source))
        try:
            async with asyncio.timeout(BACKLOG_SECONDS):
                if isinstance(where.path, str):
                    await _connect_in_turn(end, where.path)
                else:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await asyncio.get_running_loop().sock_connect(end, where.path)
        except (OSError, TimeoutError):
            end.close()
            self._refused(where)
        except BaseException:
            end.close()
            raise
        else:
            self._join(where, end)

    def _refused(self, where: Connect) -> None:
        where.settle(False)
        self.answer(502, "connection refused")

    def _join(self, where: Connect, end: socket.socket) -> None:
        """Hand both sockets to a relay; this protocol's part is over."""
        if self.transport.is_closing():
            end.close()
            return
        where.settle(True)
        front = self._leave_transport()
        self._relay = relay = Relay(asyncio.get_running_loop(), front, end, self._forget)
        relay.start(self.introduce() + bytes(self._early), self.greet())
        self._early.clear()

    def _leave_transport(self) -> socket.socket:
        """The caller's socket, for a relay to take over."""
        front: socket.socket = self.transport.get_extra_info("socket").dup()
        front.setblocking(False)
        # Closes the transport's own descriptor on the loop's next round; the connection lives on in the copy.
        self.transport.abort()
        return front

    def _forget(self) -> None:
        self._hub.forget(self)

    def cut(self) -> None:
        """End both ends now."""
        if self._relay is not None:
            self._relay.close()
        else:
            self.transport.abort()

    def target_gone(self) -> None:
        """The pod at the other end is deleted: a connection ends, a flow of datagrams may find another pod."""
        if isinstance(self._relay, DatagramRelay):
            self._relay.forget_target()
        else:
            self.cut()

    # The transport's calls, until the relay takes over.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._strangers.enter(self)
        self.started()

    def data_received(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > EARLY_BYTES:
            self.transport.abort()
        elif self._request is None:
            self.read_head(self._early)

    def eof_received(self) -> bool:
        return False  # a caller that ends before it is answered has gone away

    def connection_lost(self, error: Exception | None) -> None:
        self._strangers.leave(self)
        if self._relay is None:
            self._hub.forget(self)
            if self._dialling is not None and not self._dialling.done():
                self._dialling.cancel()


async def _connect_in_turn(end: socket.socket, path: str) -> None:
    """Connect to a UNIX socket as soon as its backlog has room, which no event tells."""
    while True:
        try:
            end.connect(path)
            return
        except BlockingIOError:
            await asyncio.sleep(_BACKLOG_PAUSE)
