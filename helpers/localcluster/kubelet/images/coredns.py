"""The image `coredns`: answers DNS for the cluster's Services over UDP and TCP, and says that it is healthy.

Names and addresses come from the file `zone.json` in its directory, which the kubelet writes when
Services change: {"NAME.NAMESPACE": "address", …}.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import struct
from pathlib import Path

from helpers.localcluster.kubelet.images.webserver import Response, serve_http, until_told
from helpers.podnet import dns, streams

ZONE = Path("zone.json")
DOMAIN = "cluster.local"
TTL_SECONDS = 5


class Zone:
    """The cluster's names, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._names: dict[str, str] = {}

    def address(self, name: str) -> str | None:
        """The address of a full name such as `frontend.default.svc.cluster.local`; "" for one without an address."""
        with contextlib.suppress(OSError, ValueError):
            stamp = os.stat(self._path).st_mtime_ns
            if stamp != self._stamp:
                self._names, self._stamp = json.loads(self._path.read_text()), stamp
        short = name.lower().removesuffix(f".svc.{DOMAIN}")
        return None if short == name.lower() else self._names.get(short)


def reply(query: bytes, zone: Zone) -> bytes:
    """Answer one DNS message. An empty answer for one that is too short to answer."""
    if len(query) < dns.HEADER.size:
        return b""
    number, flags, questions = struct.unpack("!HHH", query[:6])
    echoed = flags & 0x7900 | dns.RESPONSE | dns.AUTHORITATIVE
    try:
        name, end = dns.read_name(query, dns.HEADER.size)
        kind, family = struct.unpack("!HH", query[end : end + 4])
    except (struct.error, IndexError, UnicodeDecodeError):
        return dns.HEADER.pack(number, echoed | dns.FORMAT_ERROR, 0, 0, 0, 0)
    question = query[dns.HEADER.size : end + 4]
    if flags & dns.RESPONSE:
        return b""  # an answer is never answered: two servers could go on for ever
    if flags & 0x7800 or questions != 1 or family != dns.CLASS_IN:
        return dns.HEADER.pack(number, echoed | dns.NOT_IMPLEMENTED, 1, 0, 0, 0) + question
    address = zone.address(name)
    if address is None:
        return dns.HEADER.pack(number, echoed | dns.NAME_ERROR, 1, 0, 0, 0) + question
    answers = [_answer(address)] if kind == dns.TYPE_A and address else []
    head = dns.HEADER.pack(number, echoed | dns.NO_ERROR, 1, len(answers), 0, 0)
    return head + question + b"".join(answers)


def _answer(address: str) -> bytes:
    return dns.record(dns.TYPE_A, TTL_SECONDS, ipaddress.IPv4Address(address).packed)


async def _serve() -> None:
    zone = Zone(ZONE)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = reply(await reader.readexactly(length), zone)
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()
        writer.close()

    def datagram(data: bytes, sender: tuple[str, int]) -> bytes | None:
        return reply(data, zone) or None

    servers: list[asyncio.Server | asyncio.DatagramTransport] = [
        await streams.listen_datagrams(53, datagram),
        await streams.listen(53, client),
        await serve_http(8080, lambda request: Response("OK")),
        await serve_http(8181, lambda request: Response("OK")),
    ]
    print(f"serving {DOMAIN} on port 53")
    await until_told()
    for server in servers:
        server.close()


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM. The arguments of the real image (-conf FILE) have no meaning here."""
    asyncio.run(_serve())
    return 0
