"""WebSocket frames, byte by byte."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.localcluster.api.http.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MESSAGE_BYTES,
    PING,
    FrameError,
    Frames,
    frame,
    unmask,
)


def masked(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A client's frame, by way of the server's."""
    plain = frame(opcode, payload)
    head = bytes((opcode | (0x80 if final else 0), plain[1] | 0x80)) + plain[2 : len(plain) - len(payload)]
    mask = os.urandom(4)
    return head + mask + unmask(mask, payload)


@given(st.binary(max_size=300))
def test_masking_twice_is_nothing(data: bytes) -> None:
    mask = b"\x01\x80\xff\x00"
    assert unmask(mask, unmask(mask, data)) == data
    assert unmask(mask, data) == bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.lists(st.integers(1, 50), max_size=20))
def test_messages_survive_any_cutting(parts: list[bytes], cuts: list[int]) -> None:
    """One message in fragments with a ping between, then another message, in pieces of any size."""
    sent = masked(BINARY, parts[0], final=len(parts) == 1)
    for place, part in enumerate(parts[1:], 2):
        sent += masked(PING, b"?") + masked(CONTINUATION, part, final=place == len(parts))
    sent += masked(BINARY, b"end")
    frames, seen = Frames(), []
    for cut in [*cuts, len(sent)]:
        piece, sent = sent[:cut], sent[cut:]
        seen += frames.feed(piece)
    expected = [(PING, b"?")] * (len(parts) - 1) + [(BINARY, b"".join(parts)), (BINARY, b"end")]
    assert seen == expected


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 200_000])
def test_every_length_form(size: int) -> None:
    assert [*Frames().feed(masked(BINARY, b"x" * size))] == [(BINARY, b"x" * size)]


@given(st.binary(max_size=200))
def test_random_bytes_are_frames_or_errors(data: bytes) -> None:
    try:
        for opcode, payload in Frames().feed(data):
            assert opcode <= 10 and len(payload) <= len(data)
    except FrameError as error:
        assert error.code in (1002, 1009)


def test_a_message_in_fragments_has_a_limit() -> None:
    frames = Frames()
    part = b"x" * (MESSAGE_BYTES // 2)
    assert [*frames.feed(masked(BINARY, part, final=False))] == []
    with pytest.raises(FrameError, match="too long"):
        [*frames.feed(masked(CONTINUATION, part + b"x"))]


def test_a_close_frame_is_a_message_of_its_own() -> None:
    assert [*Frames().feed(masked(CLOSE, b"\x03\xe8"))] == [(CLOSE, b"\x03\xe8")]
