"""The image `coredns`: answers DNS over TCP for the cluster's Services, and says that it is healthy.

Names and addresses come from the file `zone.json` in its directory, which the kubelet writes when
Services change: {"NAME.NAMESPACE": "address", …}.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import signal
import struct
from pathlib import Path

from helpers.localcluster.kubelet.webserver import listen, serve_http

ZONE = Path("zone.json")
DOMAIN = "cluster.local"
TTL_SECONDS = 5
NO_ERROR, FORMAT_ERROR, NAME_ERROR, NOT_IMPLEMENTED = 0, 1, 3, 4
TYPE_A, CLASS_IN, RESPONSE, AUTHORITATIVE = 1, 1, 0x8000, 0x0400


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
                self._names, self._stamp = json.loads(self._path.read_text("utf-8")), stamp
        return self._names.get(name.lower().removesuffix(f".svc.{DOMAIN}"))


def reply(query: bytes, zone: Zone) -> bytes:
    """Answer one DNS message. An empty answer for one that is too short to answer."""
    if len(query) < 12:
        return b""
    number, flags, questions = struct.unpack("!HHH", query[:6])
    echoed = flags & 0x7900 | RESPONSE | AUTHORITATIVE
    try:
        name, end = _name(query, 12)
        kind, family = struct.unpack("!HH", query[end : end + 4])
    except (struct.error, IndexError, UnicodeDecodeError):
        return struct.pack("!HHHHHH", number, echoed | FORMAT_ERROR, 0, 0, 0, 0)
    question = query[12 : end + 4]
    if flags & 0x7800 or questions != 1 or family != CLASS_IN:
        return struct.pack("!HHHHHH", number, echoed | NOT_IMPLEMENTED, 1, 0, 0, 0) + question
    address = zone.address(name)
    if address is None:
        return struct.pack("!HHHHHH", number, echoed | NAME_ERROR, 1, 0, 0, 0) + question
    answers = [_answer(address)] if kind == TYPE_A and address else []
    return struct.pack("!HHHHHH", number, echoed | NO_ERROR, 1, len(answers), 0, 0) + question + b"".join(answers)


def _name(message: bytes, start: int) -> tuple[str, int]:
    """A name without compression (a question has none), and where it ends."""
    labels = []
    while length := message[start]:
        if length > 63:
            raise IndexError("compressed name")
        labels.append(message[start + 1 : start + 1 + length].decode("ascii"))
        start += 1 + length
    return ".".join(labels), start + 1


def _answer(address: str) -> bytes:
    packed = ipaddress.IPv4Address(address).packed
    # 0xC00C points to the name in the question.
    return struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, TTL_SECONDS, len(packed)) + packed


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

    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    servers = [
        await listen(53, client),
        await serve_http(8080, lambda request: (200, "OK")),
        await serve_http(8181, lambda request: (200, "OK")),
    ]
    print(f"serving {DOMAIN} on port 53")
    await done.wait()
    for server in servers:
        server.close()


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM. The arguments of the real image (-conf FILE) have no meaning here."""
    asyncio.run(_serve())
    return 0
