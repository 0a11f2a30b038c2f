"""Flows of UDP: datagrams to one address and port, and what comes back from there.

There is no handshake: a datagram that a policy drops is gone, and nobody says so. Where nothing listens, the other
host says that (in a network: ICMP "port unreachable"), and the next `receive` raises ConnectionRefusedError.
"""

import socket
import struct
import time

from helpers.podnet import dialling

LONGEST = 65507
"""Bytes that a datagram of UDP over IPv4 holds at most."""
UNREACHABLE = 0xFFFF
"""In place of a frame's length, which is never so great: nothing listens there."""


def frame(data: bytes) -> bytes:
    """A datagram as it travels to and from the gateway."""
    return struct.pack("!H", len(data)) + data


class Flow:
    """One flow from this pod to an address. Raises DialError when the pod network can't be used."""

    def __init__(self, address: str, port: int) -> None:
        self._framed = bool(dialling.gateway())
        self._rest = b""
        if self._framed:
            self._link = dialling.dial(address, port, "UDP", 5.0)
        else:
            self._link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._link.connect((address, port))

    def __enter__(self) -> "Flow":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the flow."""
        self._link.close()

    def fileno(self) -> int:
        """The descriptor that is readable when something has come."""
        return self._link.fileno()

    def send(self, data: bytes) -> None:
        """Send one datagram. Raises ValueError if it is too long for one."""
        if len(data) > LONGEST:
            raise ValueError(f"a datagram holds at most {LONGEST} bytes")
        self._link.settimeout(None)
        self._link.sendall(frame(data) if self._framed else data)

    def receive(self, timeout: float | None = None) -> bytes:
        """The next datagram. Raises TimeoutError, or ConnectionRefusedError if nothing listens there."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._framed:
            self._link.settimeout(timeout)
            return self._link.recv(LONGEST)
        while (found := self._next()) is None:
            self._link.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.0001))
            piece = self._link.recv(LONGEST + 2)
            if not piece:
                raise ConnectionResetError("the pod network has ended the flow")
            self._rest += piece
        return found

    def _next(self) -> bytes | None:
        """The first whole datagram of what has come."""
        if len(self._rest) < 2:
            return None
        length = int.from_bytes(self._rest[:2], "big")
        if length == UNREACHABLE:
            self._rest = self._rest[2:]
            raise ConnectionRefusedError("connection refused")
        if len(self._rest) < 2 + length:
            return None
        data, self._rest = self._rest[2 : 2 + length], self._rest[2 + length :]
        return data
