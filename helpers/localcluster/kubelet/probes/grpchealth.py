"""One call of grpc.health.v1.Health/Check over an open connection, in plain HTTP/2.

The node asks every few seconds and needs two bytes of the answer; importing gRPC for that would cost
it 20 MB and a quarter of a second. Headers are sent uncompressed, those of the answer aren't read:
a health status arrives in a DATA frame, and a refusal has none.
"""

import asyncio
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK, PADDED = 1, 4, 1, 8
STATUS = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
LARGEST_FRAME = 1 << 16


class Unhealthy(Exception):
    """The server answered, and not with SERVING; the text is a probe's message."""


async def check(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: str) -> None:
    """Return if the server says that `service` ("" for the whole) is serving. Raises Unhealthy or OSError."""
    writer.write(PREFACE + _frame(SETTINGS, 0, 0, b"") + _request(service))
    body = b""
    while True:
        try:
            kind, flags, stream, payload = await _read(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Unhealthy("the server closed the connection") from None
        if kind == SETTINGS and not flags & ACK:
            writer.write(_frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            writer.write(_frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            raise Unhealthy("the server is going away")
        elif stream == 1 and kind in (DATA, HEADERS, RST_STREAM):
            if kind == DATA:
                body += payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
                if len(body) >= 5 and len(body) >= 5 + struct.unpack("!I", body[1:5])[0]:
                    return _judge(body[5:])
            if kind == RST_STREAM or flags & END_STREAM:
                raise Unhealthy("this server does not answer grpc.health.v1.Health/Check")


def _judge(message: bytes) -> None:
    """HealthCheckResponse has one field, the status, as field 1; it is left out when 0."""
    status = message[1] if len(message) >= 2 and message[0] == 0x08 else 0
    if status != 1:
        word = STATUS[status] if status < len(STATUS) else str(status)
        raise Unhealthy(f'service unhealthy (responded with "{word}")')


def _request(service: str) -> bytes:
    message = b"\x0a" + bytes([len(service)]) + service.encode() if service else b""
    body = struct.pack("!BI", 0, len(message)) + message
    headers = b"".join(
        b"\x00" + _text(name) + _text(value)
        for name, value in (
            (":method", "POST"), (":scheme", "http"), (":path", "/grpc.health.v1.Health/Check"),
            (":authority", "localhost"), ("te", "trailers"), ("content-type", "application/grpc"),
        )
    )  # fmt: skip
    return _frame(HEADERS, END_HEADERS, 1, headers) + _frame(DATA, END_STREAM, 1, body)


def _text(text: str) -> bytes:
    """An HPACK string: its length (below 127), no Huffman code."""
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    head = await reader.readexactly(9)
    length = int.from_bytes(head[:3], "big")
    if length > LARGEST_FRAME:
        raise Unhealthy("the server does not speak HTTP/2 on this port")
    kind, flags, stream = struct.unpack("!BBI", head[3:])
    return kind, flags, stream & 0x7FFFFFFF, await reader.readexactly(length)
