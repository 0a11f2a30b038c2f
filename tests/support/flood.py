"""Idle strangers: `python flood.py PORT …`, held as another user of the machine where that can be.

    {"count": N}    on standard input: so many connections to each port, in turn silent and in the middle of a
                    request; what was cut is opened again, once a second
    (end of input)  all are closed

Answers with one JSON line when all stand for the first time, and one at the end: how often it connected, and how
many stood then.
"""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401  what a connection needs later, when nothing can be imported any more
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOBODY = 65534
BEGINNINGS = (b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nHost: lab\r\n")


class Flood:
    """The connections of one port."""

    def __init__(self, port: int, count: int) -> None:
        self._address = ("127.0.0.1", port)
        self._count = count
        self._held: list[socket.socket] = []
        self.opened = 0

    @property
    def standing(self) -> int:
        """How many the node holds still."""
        return len(self._held)

    def fill(self) -> None:
        """Drop those that were cut, and open as many again."""
        poll = select.poll()
        for link in self._held:
            poll.register(link, select.POLLIN | select.POLLHUP)
        cut = {descriptor for descriptor, _ in poll.poll(0)}
        for link in self._held:
            if link.fileno() in cut:
                link.close()
        self._held = [link for link in self._held if link.fileno() >= 0]
        while len(self._held) < self._count:
            self._held.append(self._open())

    def _open(self) -> socket.socket:
        link = socket.create_connection(self._address, 5)
        with contextlib.suppress(ConnectionError):
            link.sendall(BEGINNINGS[self.opened % len(BEGINNINGS)])
        self.opened += 1
        return link

    def count(self) -> None:
        """Find out how many stand."""
        wanted, self._count = self._count, 0
        self.fill()
        self._count = wanted


def main() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    count = json.loads(sys.stdin.readline())["count"]
    floods = [Flood(int(port), count) for port in sys.argv[1:]]
    for flood in floods:
        flood.fill()
    report(floods)
    while not select.select([sys.stdin], [], [], 1)[0]:
        for flood in floods:
            with contextlib.suppress(OSError):
                flood.fill()
    report(floods)


def report(floods: list[Flood]) -> None:
    time.sleep(0.1)
    for flood in floods:
        flood.count()
    print(
        json.dumps({"opened": [flood.opened for flood in floods], "standing": [flood.standing for flood in floods]}),
        flush=True,
    )


@contextlib.contextmanager
def strangers(ports: list[int], count: int) -> Iterator[dict[str, Any]]:
    """So many at each of these ports; what is yielded says at the end how it was."""
    seen: dict[str, Any] = {}
    command = [sys.executable, "-I", str(Path(__file__).resolve()), *map(str, ports)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"count": count}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline(), "the strangers could not connect"
        yield seen
        process.stdin.close()
        seen |= json.loads(process.stdout.readline())


if __name__ == "__main__":
    main()
