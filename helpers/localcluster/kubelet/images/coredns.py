"""The image `coredns`: answers DNS for the cluster's Services over UDP and TCP, and says that it is healthy.

Names and addresses come from the file `zone.json` in its directory, which the kubelet writes when
Services change: {"NAME.NAMESPACE": "address", …}.
"""

import asyncio
import contextlib
import json
import os
import struct
from pathlib import Path

from helpers.localcluster.dataplane.addresses import outside_address
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
        """The address of a full name such as `frontend.default.svc.cluster.local`; "" for one without an address.

        A name of the outside has the address that the lab gives it.
        """
        with contextlib.suppress(OSError, ValueError):
            stamp = os.stat(self._path).st_mtime_ns
            if stamp != self._stamp:
                self._names, self._stamp = json.loads(self._path.read_text("utf-8")), stamp
        short = name.removesuffix(f".svc.{DOMAIN}")
        return outside_address(name) if short == name else self._names.get(short)


async def _serve() -> None:
    zone = Zone(ZONE)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = dns.reply(await reader.readexactly(length), zone.address, TTL_SECONDS)
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()
        writer.close()

    def datagram(data: bytes, sender: tuple[str, int]) -> bytes | None:
        return dns.reply(data, zone.address, TTL_SECONDS) or None

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
