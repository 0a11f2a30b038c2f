"""What became of a name's lookup, where gRPC does it by itself and tells nothing when time is up.

A connection that gets no answer and a name that gets none look the same in gRPC: both are a deadline that passed. So
the name is asked for beside it, once at a time, in a thread: the system's resolver can't be given up.
"""

from __future__ import annotations

import socket
import threading

TIMED_OUT = "lookup timed out"
UNKNOWN = "Domain name not found"


class Lookups:
    """The last lookup of each name: under way, answered, or failed."""

    def __init__(self) -> None:
        self._threads: dict[str, threading.Thread] = {}
        self._troubles: dict[str, str] = {}

    def begin(self, address: str) -> None:
        """Ask for the name in `address` (host:port), unless a question for it is still under way."""
        host = address.rpartition(":")[0]
        asked = self._threads.get(host)
        if asked is None or not asked.is_alive():
            self._troubles[host] = TIMED_OUT  # until there is an answer
            self._threads[host] = threading.Thread(target=self._ask, args=(host,), name=f"lookup {host}", daemon=True)
            self._threads[host].start()

    def trouble(self, address: str) -> str:
        """Why the name in `address` has no address as far as is known now; empty if it has one, or wasn't asked for."""
        return self._troubles.get(address.rpartition(":")[0], "")

    def _ask(self, host: str) -> None:
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            self._troubles[host] = UNKNOWN if error.errno == socket.EAI_NONAME else TIMED_OUT
        except (OSError, UnicodeError):
            self._troubles[host] = TIMED_OUT
        else:
            self._troubles[host] = ""
