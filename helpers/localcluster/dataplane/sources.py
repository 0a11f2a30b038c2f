"""Where a connection seems to come from, for the pod that accepts it: the caller's address and a port."""

import contextlib
import itertools
import secrets
import socket
import sys

from helpers.podnet.places import flow_name

FIRST_PORT, LAST_PORT = 32768, 60999
"""The range that Linux takes source ports from."""
_ports = itertools.cycle(range(FIRST_PORT, LAST_PORT + 1))
_own = secrets.token_hex(4)


def take_port() -> int:
    """The next source port."""
    return next(_ports)


def introduce(end: socket.socket, address: str) -> None:
    """Give a UNIX socket that will connect to a pod a name that tells the caller's address, where the system can.

    Linux has names without a file. Elsewhere, and for IPv6, the pod isn't told.
    """
    if sys.platform == "linux" and "." in address:
        with contextlib.suppress(OSError):
            end.bind(f"\0lab-{_own}-{flow_name(address, take_port())}")
