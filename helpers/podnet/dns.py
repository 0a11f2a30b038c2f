"""Messages of DNS (RFC 1035): questions for addresses, and their answers."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

TYPE_A, TYPE_NS, TYPE_CNAME, TYPE_AAAA, CLASS_IN = 1, 2, 5, 28, 1
RESPONSE, AUTHORITATIVE, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x0400, 0x0100, 0x0080
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED, REFUSED = range(6)
HEADER = struct.Struct("!HHHHHH")
_MOST_POINTERS = 20


class Malformed(Exception):
    """Bytes that are no message of DNS."""


@dataclass(frozen=True)
class Answer:
    """One record: the name as it stands in the message, its type, seconds to live, and the address or name."""

    name: str
    kind: int
    ttl: int
    value: str


@dataclass(frozen=True)
class Message:
    """What is looked at of a message."""

    number: int
    flags: int
    name: str
    kind: int
    answers: tuple[Answer, ...]

    @property
    def code(self) -> int:
        """NO_ERROR, NAME_ERROR …"""
        return self.flags & 15


def question(number: int, name: str, kind: int = TYPE_A) -> bytes:
    """A question for `name`, with or without a dot at its end. Raises ValueError for a name that DNS can't carry."""
    return HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + encode_name(name) + struct.pack("!HH", kind, CLASS_IN)


def encode_name(name: str) -> bytes:
    """Labels with their lengths. Raises ValueError."""
    labels = [label.encode("ascii", "strict") for label in name.rstrip(".").split(".")] if name.strip(".") else []
    if any(not 0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) > 254:
        raise ValueError(f"{name!r} is no name for DNS")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(kind: int, ttl: int, data: bytes) -> bytes:
    """An answer for the name in the question, to which 0xC00C points."""
    return struct.pack("!HHHIH", 0xC00C, kind, CLASS_IN, ttl, len(data)) + data


def reply(query: bytes, lookup: Callable[[str], str | None], ttl: int) -> bytes:
    """A server's answer to one message; empty if none is due.

    `lookup` gives the IPv4 address of a name: "" if it has none, None if there is no such name.
    """
    if len(query) < HEADER.size:
        return b""
    number, flags, questions = struct.unpack("!HHH", query[:6])
    if flags & RESPONSE:
        return b""  # an answer is never answered: two servers could go on for ever
    echoed = flags & 0x7900 | RESPONSE | AUTHORITATIVE
    try:
        name, end = read_name(query, HEADER.size)
        kind, family = struct.unpack("!HH", query[end : end + 4])
    except (struct.error, IndexError, UnicodeDecodeError):
        return HEADER.pack(number, echoed | FORMAT_ERROR, 0, 0, 0, 0)
    asked = query[HEADER.size : end + 4]
    if flags & 0x7800 or questions != 1 or family != CLASS_IN:
        return HEADER.pack(number, echoed | NOT_IMPLEMENTED, 1, 0, 0, 0) + asked
    address = lookup(name.lower())
    if address is None:
        return HEADER.pack(number, echoed | NAME_ERROR, 1, 0, 0, 0) + asked
    answers = [record(TYPE_A, ttl, socket.inet_aton(address))] if kind == TYPE_A and address else []
    return HEADER.pack(number, echoed | NO_ERROR, 1, len(answers), 0, 0) + asked + b"".join(answers)


def read(message: bytes) -> Message:
    """Raises Malformed."""
    try:
        number, flags, questions, answers, _, _ = HEADER.unpack_from(message)
        name, place, kind = "", HEADER.size, 0
        for _ in range(questions):
            name, place = read_name(message, place)
            kind, _ = struct.unpack_from("!HH", message, place)
            place += 4
        found = []
        for _ in range(answers):
            answer, place = _answer(message, place)
            found.append(answer)
    except (struct.error, IndexError, UnicodeDecodeError, OSError) as error:
        raise Malformed(str(error)) from None
    return Message(number, flags, name, kind, tuple(found))


def _answer(message: bytes, place: int) -> tuple[Answer, int]:
    name, place = read_name(message, place)
    kind, _, ttl, length = struct.unpack_from("!HHIH", message, place)
    place += 10
    data = message[place : place + length]
    if kind == TYPE_A:
        value = socket.inet_ntoa(data)
    elif kind in (TYPE_CNAME, TYPE_NS):
        value = read_name(message, place)[0]
    else:
        value = data.hex()
    return Answer(name, kind, ttl, value), place + length


def read_name(message: bytes, place: int) -> tuple[str, int]:
    """A name, compressed or not, and where it ends. Raises IndexError, UnicodeDecodeError."""
    labels: list[str] = []
    end = 0
    for _ in range(_MOST_POINTERS * 8):
        length = message[place]
        if length == 0:
            return ".".join(labels), end or place + 1
        if length >= 0xC0:
            end = end or place + 2
            place = (length & 0x3F) << 8 | message[place + 1]
            continue
        if length > 63:
            raise IndexError("a label of an unknown kind")
        labels.append(message[place + 1 : place + 1 + length].decode("ascii"))
        place += 1 + length
    raise IndexError("a name without an end")
