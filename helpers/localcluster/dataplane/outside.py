"""The outside of the cluster, as the lab plays it: every address there has a web server and a DNS server.

Nothing leaves this machine. A policy's egress rules can be tried all the same: what is allowed is answered, on port 80
with a page, on port 443 with the end of a TLS handshake, on port 53 (UDP) with the addresses of outside names.
"""

import asyncio
import contextlib
import shutil
import socket
from pathlib import Path
from typing import cast

from helpers.localcluster.dataplane.addresses import outside_address
from helpers.podnet import dns
from helpers.podnet.places import socket_name

OUTSIDE = "outside"
"""The directory of its sockets, beside those of the pods."""
PAGE = (
    "This is the outside of the lab's cluster, as the lab plays it.\n"
    "Your request was allowed to leave; no machine but yours has seen it.\n"
)
HEAD_SECONDS = 10.0
TTL_SECONDS = 60
_NO_HANDSHAKE = bytes.fromhex("15030300020228")
"""A fatal alert of TLS: handshake failure."""


class Outside:
    """Listens in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._servers: list[asyncio.Server | asyncio.DatagramTransport] = []

    async def start(self) -> None:
        """Begin to answer."""
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(mode=0o700)
        for port, serve in ((80, _web), (443, _tls)):
            self._servers.append(await asyncio.start_unix_server(serve, self._path(port), limit=16 * 1024))
        door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        door.setblocking(False)
        door.bind(self._path(53, "UDP"))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Names, sock=door)
        self._servers.append(transport)

    def stop(self) -> None:
        """Leave no socket behind."""
        for server in self._servers:
            server.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _path(self, port: int, protocol: str = "TCP") -> str:
        return str(self._directory / socket_name(port, protocol))


async def _web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        body = b"" if head.startswith(b"HEAD ") else PAGE.encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
            + f"Content-Length: {len(PAGE)}\r\n\r\n".encode()
            + body
        )
    writer.close()


async def _tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        if await asyncio.wait_for(reader.read(1024), HEAD_SECONDS):
            writer.write(_NO_HANDSHAKE)
    writer.close()


class _Names(asyncio.DatagramProtocol):
    """Answers for the names of the outside."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: "tuple[str, int] | str") -> None:
        answer = dns.reply(data, outside_address, TTL_SECONDS)
        if answer and address:
            self._transport.sendto(answer, address)
