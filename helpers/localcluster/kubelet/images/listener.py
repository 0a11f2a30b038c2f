"""Databases and queues as a port that listens and says that it is no more than that.

Whoever connects is told so, in the words of MySQL's or PostgreSQL's protocol where its clients listen for them.
"""

import asyncio
import contextlib
import struct

from helpers.localcluster.kubelet.images.webserver import until_told
from helpers.podnet import streams

GREETING_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    """`listener NAME PORT`, until SIGTERM."""
    name, port = arguments[0], int(arguments[1])
    asyncio.run(_serve(name, port))
    return 0


async def _serve(name: str, port: int) -> None:
    sentence = f"this is no {name}: the lab's cluster only listens on port {port} in its place"

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            if name == "postgres":
                await asyncio.wait_for(reader.read(4096), GREETING_SECONDS)
            writer.write(refusal(name, sentence))
            await writer.drain()
            if name not in ("postgres", "mysql", "mariadb"):
                await asyncio.wait_for(reader.read(4096), GREETING_SECONDS)
        writer.close()

    server = await streams.listen(port, client)
    print(f"{sentence}; whoever connects is told so", flush=True)
    await until_told()
    server.close()


def refusal(name: str, sentence: str) -> bytes:
    """What a client of this database understands as an error with this text."""
    if name in ("mysql", "mariadb"):
        packet = b"\xff" + struct.pack("<H", 1105) + sentence.encode()
        return struct.pack("<I", len(packet))[:3] + b"\0" + packet
    if name == "postgres":
        fields = b"SFATAL\0C0A000\0M" + sentence.encode() + b"\0\0"
        return b"E" + struct.pack("!I", len(fields) + 4) + fields
    return f"{sentence}\n".encode()
