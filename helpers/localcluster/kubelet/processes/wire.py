"""JSON lines with file descriptors over a UNIX stream socket: how the node and its fork server talk.

A message is one line of JSON. Descriptors travel beside it (SCM_RIGHTS) and are counted in the
message's field `fds`; they arrive in order and no later than the line that counts them, so a queue
on the receiving side is enough to match them.
"""

import array
import contextlib
import json
import os
import socket
from collections import deque
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]
MOST_FDS = 16
CHUNK = 1 << 16


def encode(message: Message) -> bytes:
    """The message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Receiver:
    """Collects messages and their descriptors from `link`."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._text = b""
        self._fds: deque[int] = deque()

    def receive(self) -> list[tuple[Message, list[int]]] | None:
        """Read once; all complete messages with their descriptors, or None at the end of the stream.

        Raises BlockingIOError when nothing has come on a non-blocking socket.
        """
        try:
            data, ancillary, _, _ = self._link.recvmsg(CHUNK, socket.CMSG_SPACE(MOST_FDS * 4))
        except ConnectionError:
            return None
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
                self._fds.extend(fds)
        if not data:
            return None
        return list(self._messages(data))

    def _messages(self, data: bytes) -> Iterator[tuple[Message, list[int]]]:
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            message: Message = json.loads(line)
            yield message, [self._fds.popleft() for _ in range(message.get("fds", 0))]

    def close(self) -> None:
        """Close descriptors that no message has claimed."""
        close_all(self._fds)
        self._fds.clear()


def close_all(fds: Iterator[int] | list[int] | deque[int]) -> None:
    """Close each descriptor; one that is closed already is fine."""
    for fd in fds:
        with contextlib.suppress(OSError):
            os.close(fd)
