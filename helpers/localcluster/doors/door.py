"""The way in from loopback, where anybody on the machine may knock.

Whoever hasn't shown yet that they may come in is a stranger. A `Door` lets
strangers wait outside, as a bare socket, until their first byte; `Strangers`
bounds those who have begun to speak. In both the oldest goes first: who means
it has spoken long before.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

SILENT = 512  # that wait at one door for their own first byte
SILENT_SECONDS = 10.0
BACKLOG = 512  # in the kernel, while the node is busy
AT_ONCE = 16  # are let in before those who are in already get a turn
PAUSE_SECONDS = 1.0  # when the process may open no more files
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Enter = Callable[[socket.socket], Coroutine[Any, Any, object]]
"""Takes over a connection. An OSError says that it has failed already."""

log = logging.getLogger(__name__)


class Stranger(Protocol):
    """What can be cut."""

    def cut(self) -> None: ...


class Strangers:
    """A bounded number of strangers; the oldest is cut for a new one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[Stranger, None] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._held)

    def enter(self, one: Stranger) -> None:
        """Take one in."""
        self._held[one] = None
        if len(self._held) > self._most:
            self.cut_oldest()

    def leave(self, one: Stranger) -> None:
        """It has gone, or is no stranger any more."""
        self._held.pop(one, None)

    def cut_oldest(self) -> bool:
        """Make room; False if nobody is there."""
        oldest = next(iter(self._held), None)
        if oldest is None:
            return False
        del self._held[oldest]
        oldest.cut()
        return True

    def cut_all(self) -> None:
        """Send everybody away."""
        while self.cut_oldest():
            pass


class Door:
    """A listening socket on 127.0.0.1. `enter` gets each connection when its first byte has come.

    `strangers` are those who came in by this door: they are sent away with it.
    """

    def __init__(self, enter: Enter, strangers: Strangers) -> None:
        self._enter = enter
        self._strangers = strangers
        self._entering: set[asyncio.Task[None]] = set()
        self._silent = Strangers(SILENT)
        self._listener: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None

    def open(self, port: int = 0) -> int:
        """Listen; returns the port. What comes in sends without delay. Raises OSError when the port is taken."""
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        # asyncio sets it only for a socket that names its protocol; without it an answer in two pieces takes 40 ms.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener.setblocking(False)
        self._listen()
        chosen: int = self._listener.getsockname()[1]
        return chosen

    async def close(self) -> None:
        """Listen no more, send strangers away, and wait until they have gone."""
        if self._pause:
            self._pause.cancel()
        if self._listener:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self._silent.cut_all()
        await asyncio.sleep(0)  # who is on the threshold comes in first
        self._strangers.cut_all()
        await asyncio.gather(*self._entering)
        self._strangers.cut_all()

    def _listen(self) -> None:
        assert self._listener
        self._pause = None
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                link, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                self._make_room(listener, error)
                return
            link.setblocking(False)
            self._silent.enter(_Silent(link, self._silent, self._let_in))

    def _let_in(self, link: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._pass(link))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)

    async def _pass(self, link: socket.socket) -> None:
        try:
            await self._enter(link)
        except OSError as error:
            log.debug("gone on the threshold: %s", error)

    def _make_room(self, listener: socket.socket, error: OSError) -> None:
        """A silent stranger goes, or, if there is none, those in the kernel wait for a while."""
        if self._silent.cut_oldest():
            return
        log.warning("connections wait: %s", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        self._pause = loop.call_later(PAUSE_SECONDS, self._listen)


class _Silent:
    """A connection that hasn't spoken yet."""

    __slots__ = ("_deadline", "_group", "_link", "_spoken")

    def __init__(self, link: socket.socket, group: Strangers, spoken: Callable[[socket.socket], None]) -> None:
        loop = asyncio.get_running_loop()
        self._link = link
        self._group = group
        self._spoken = spoken
        self._deadline = loop.call_later(SILENT_SECONDS, self.cut)
        loop.add_reader(link, self._speak)

    def _speak(self) -> None:
        self._let_go()
        self._spoken(self._link)

    def cut(self) -> None:
        self._let_go()
        self._link.close()

    def _let_go(self) -> None:
        self._group.leave(self)
        self._deadline.cancel()
        asyncio.get_running_loop().remove_reader(self._link)
