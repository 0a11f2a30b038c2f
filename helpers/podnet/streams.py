"""Listening and dialling for asyncio: TCP and SCTP as streams, UDP as datagrams."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

from helpers.podnet import dialling, listening, places

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Datagram = Callable[[bytes, tuple[str, int]], bytes | None]
"""Gets a datagram and its sender's address and port; what it returns is sent back."""


async def open_connection(host: str, port: int, environ: Mapping[str, str] = os.environ) -> Connection:
    """Connect to host:port; waits for as long as nobody answers.

    Raises `dialling.DialError`, or the system's OSError where the machine's own network is used.
    """
    proxy = dialling.gateway(environ)
    if not proxy:
        return await asyncio.open_connection(host, port)
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(dialling.request(proxy, host, port))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("Socket closed") from None
        dialling.check(*dialling.answer(head.decode("latin-1")))
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def listen(port: int, client: Client, protocol: str = "TCP") -> asyncio.Server:
    """Accept connections to the pod's port. Raises OSError if it is taken."""
    link = listening.bind(port, protocol)
    if link.family == socket.AF_INET:
        return await asyncio.start_server(client, sock=link)
    return await asyncio.start_unix_server(client, sock=link)


async def listen_datagrams(port: int, answer: Datagram) -> asyncio.DatagramTransport:
    """Answer datagrams to the pod's port. Raises OSError if it is taken."""
    link = listening.bind(port, "UDP")
    link.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(answer), sock=link)
    return transport


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Datagram) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own transports are no subclass of DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: "tuple[str, int] | str | None") -> None:
        if not address:
            return  # a sender without a name can't be answered
        sender = places.flow_source(address) if isinstance(address, str) else address[:2]
        reply = self._answer(data, sender)
        if reply is not None:
            with contextlib.suppress(OSError):
                self._transport.sendto(reply, address)
