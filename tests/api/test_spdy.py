"""SPDY/3.1 as kubectl's port-forward speaks it, byte by byte."""

import struct
import zlib

import pytest

from helpers.localcluster.api.streams.spdy import DICTIONARY, Data, Opened, Ping, Reset, Spdy, SpdyError

OPEN, RESET, PING = 1, 3, 6


def control(kind: int, payload: bytes, flags: int = 0) -> bytes:
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(payload)) + payload


class Peer:
    """The client's half: enough of it to talk to the server's."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def open(self, stream: int, headers: dict[str, str]) -> bytes:
        words = [word.encode() for pair in headers.items() for word in pair]
        block = struct.pack(">I", len(headers)) + b"".join(struct.pack(">I", len(word)) + word for word in words)
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return control(OPEN, struct.pack(">IIH", stream, 0, 0) + packed)


def test_the_dictionary_is_the_published_one() -> None:
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


def test_frames_are_understood_however_they_are_cut() -> None:
    peer = Peer()
    headers = {"streamtype": "data", "port": "8080", "requestid": "0"}
    sent = (
        peer.open(1, headers)
        + struct.pack(">II", 1, 5)
        + b"hello"
        + control(PING, b"\0\0\0\7")
        + control(RESET, struct.pack(">II", 1, 1))
    )
    session = Spdy()
    seen = [happening for byte in sent for happening in session.receive(bytes([byte]))]
    assert seen == [Opened(1, headers), Data(1, b"hello", False), Ping(b"\0\0\0\7"), Reset(1)]


def test_a_second_header_block_continues_the_compression() -> None:
    peer, session = Peer(), Spdy()
    assert [*session.receive(peer.open(1, {"streamtype": "error"}))] == [Opened(1, {"streamtype": "error"})]
    assert [*session.receive(peer.open(3, {"streamtype": "data"}))] == [Opened(3, {"streamtype": "data"})]


def test_a_final_frame_says_so() -> None:
    assert [*Spdy().receive(struct.pack(">II", 3, 1 << 24 | 2) + b"ok")] == [Data(3, b"ok", True)]


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">II", 1, 0xFFFFFF),  # a frame larger than any that kubectl sends
        struct.pack(">HHI", 0x8002, OPEN, 10) + bytes(10),  # another version
        control(OPEN, bytes(4)),  # cut
        control(OPEN, bytes(10) + b"no header block"),
        control(RESET, b"\0"),
    ],
)
def test_what_is_no_spdy_is_refused(frame: bytes) -> None:
    with pytest.raises(SpdyError):
        [*Spdy().receive(frame)]


def test_a_header_block_that_lies_about_its_length_is_refused() -> None:
    deflate = zlib.compressobj(zdict=DICTIONARY)
    block = deflate.compress(struct.pack(">II", 1, 4000) + b"x") + deflate.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(SpdyError):
        [*Spdy().receive(control(OPEN, struct.pack(">IIH", 1, 0, 0) + block))]
