"""Flows of UDP through the gateway: frames on the caller's side, datagrams on the pod's.

Each datagram that belongs to no standing flow is judged; a denied one is lost, as in a network. A flow that was let
through stands, whatever policies come later, until it has been silent for as long as conntrack remembers one: 30 s, or
120 s once there was an answer. When its pod is deleted, the next datagram is judged anew and may find another pod.
"""

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

from helpers.localcluster.dataplane import sources
from helpers.localcluster.dataplane.decision import Connect, Decision, Park
from helpers.podnet.datagrams import LONGEST, UNREACHABLE, frame
from helpers.podnet.places import flow_name

UNREPLIED_SECONDS, STREAM_SECONDS = 30.0, 120.0
"""How long a silent flow is remembered: as Linux has it (nf_conntrack_udp_timeout and its _stream)."""
DENIED_SECONDS = 0.02
"""So long a denial counts for the datagrams that follow it: a flood of them costs one judgement."""
PIECE = 64 * 1024
AT_ONCE = 256
"""Frames of one caller that are sent on before others have their turn."""
MOST_WAITING = 64
"""Datagrams that wait for a slow pod; more are lost."""
_REFUSED = UNREACHABLE.to_bytes(2, "big")


class DatagramRelay:
    """The caller's connection and, while a flow stands, a socket that speaks to the pod. `closed` is called once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        front: socket.socket,
        decide: Callable[[], Decision],
        address: str,
        closed: Callable[[], None],
    ) -> None:
        """`decide` judges a new flow; `address` is the caller's."""
        self._loop = loop
        self._front = front
        self._decide = decide
        self._address = address
        self._port = sources.take_port()
        self._closed: Callable[[], None] | None = closed
        self._early = b""
        self._rest = b""
        self._back: _Back | None = None
        self._last = self._denied_until = 0.0
        self.target_uid: str | None = None
        """The pod that the standing flow leads to."""

    def start(self, early: bytes, greeting: bytes) -> None:
        """Begin: the caller is greeted, and what it has sent already is taken in."""
        self._say(greeting)
        if self._closed is not None:
            self._loop.add_reader(self._front, self._read)
            self._take(early)

    def forget_target(self) -> None:
        """The flow stands no more; the caller keeps its end."""
        if self._back is not None:
            self._back.close()
        self._back, self.target_uid = None, None

    def close(self) -> None:
        """End the flow at both ends."""
        if self._closed is None:
            return
        told, self._closed = self._closed, None
        self.forget_target()
        self._loop.remove_reader(self._front)
        self._loop.remove_writer(self._front)
        self._front.close()
        told()

    # From the caller.

    def _read(self) -> None:
        try:
            data = self._front.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self.close()

    def _take(self, data: bytes) -> None:
        """Send on the whole frames of what has come; of very many, the rest in the loop's next round."""
        data, place = self._early + data, 0
        for _ in range(AT_ONCE):
            if len(data) - place < 2:
                break
            length = int.from_bytes(data[place : place + 2], "big")
            end = place + 2 + length
            if length > LONGEST:
                self.close()  # no datagram is so long: this caller doesn't speak frames
                return
            if len(data) < end:
                break
            self._forward(data[place + 2 : end])
            place = end
        else:
            self._rest_later()
        self._early = data[place:]

    def _rest_later(self) -> None:
        """Let others have their turn before the frames that are left; read no more until then."""
        if self._closed is not None:
            self._loop.remove_reader(self._front)
            self._loop.call_soon(self._go_on_reading)

    def _go_on_reading(self) -> None:
        if self._closed is not None:
            self._loop.add_reader(self._front, self._read)
            self._take(b"")

    def _forward(self, datagram: bytes) -> None:
        back, now = self._standing(), self._loop.time()
        if back is None:
            if now >= self._denied_until:
                self._open(datagram)
        elif back.send(datagram):
            self._last = now
        else:
            self.forget_target()
            self._open(datagram)

    def _standing(self) -> "_Back | None":
        """The flow, if it hasn't been silent for too long."""
        if self._back is not None:
            limit = STREAM_SECONDS if self._back.answered else UNREPLIED_SECONDS
            if self._loop.time() - self._last > limit:
                self.forget_target()
        return self._back

    def _open(self, datagram: bytes) -> None:
        """Judge the first datagram of a flow, and send it on if it may pass."""
        decision = self._decide()
        if isinstance(decision, Park):
            self._denied_until = self._loop.time() + DENIED_SECONDS
        elif isinstance(decision, Connect) and isinstance(decision.path, str):
            try:
                back = _Back(self._loop, decision.path, flow_name(self._address, self._port), self._answer)
            except OSError:
                decision.settle(False)
                self._say(_REFUSED)
                return
            decision.settle(True)
            self._back, self.target_uid = back, decision.uid
            self._last = self._loop.time()
            back.send(datagram)
        else:
            self._denied_until = self._loop.time() + DENIED_SECONDS
            self._say(_REFUSED)

    # To the caller.

    def _answer(self, datagram: bytes) -> None:
        self._last = self._loop.time()
        self._say(frame(datagram))

    def _say(self, data: bytes) -> None:
        """Write to the caller; what it is too slow to take is lost, but never half of a frame."""
        if self._rest or self._closed is None:
            return
        try:
            sent = self._front.send(data)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if sent < len(data):
            self._rest = data[sent:]
            self._loop.add_writer(self._front, self._go_on)

    def _go_on(self) -> None:
        try:
            sent = self._front.send(self._rest)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        self._rest = self._rest[sent:]
        if not self._rest:
            self._loop.remove_writer(self._front)


class _Back:
    """The pod's side: a datagram socket with a name that tells the pod who sends. Raises OSError if nobody listens."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, target: str, name: str, received: Callable[[bytes], None]
    ) -> None:
        self._loop = loop
        self._path = str(Path(target).parent / name)
        self._received = received
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self.answered = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            self._socket.bind(self._path)
            self._socket.connect(target)
        except OSError:
            self.close()
            raise
        loop.add_reader(self._socket, self._read)

    def send(self, datagram: bytes) -> bool:
        """Whether somebody still listens; a datagram that is too long for this system is lost."""
        if self._waiting:
            self._waiting.append(datagram)
            return True
        try:
            self._socket.send(datagram)
        except (BlockingIOError, InterruptedError):
            self._waiting.append(datagram)
            self._loop.add_writer(self._socket, self._go_on)
        except OSError as error:
            return not isinstance(error, ConnectionError | FileNotFoundError)
        return True

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, deque(maxlen=MOST_WAITING)
        self._loop.remove_writer(self._socket)
        for datagram in waiting:
            self.send(datagram)

    def _read(self) -> None:
        try:
            data = self._socket.recv(PIECE)
        except OSError:
            return
        self.answered = True
        self._received(data)

    def close(self) -> None:
        """Nothing of the flow is left."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
