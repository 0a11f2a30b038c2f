"""Text for people: control characters are shown, not sent, and no output fails for want of a letter.

What pages, objects and files hold may steer a terminal, hide, or turn around the order of what one reads.
"""

import codecs
import io
import os
import sys
from functools import cache
from typing import TextIO


def _escaped(text: str) -> str:
    r"""As `\u001b`: what JSON and YAML read as the same character."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


@cache
def _shown(in_line: bool) -> dict[int, str]:
    """Characters that steer or hide, with how they are shown; on one line, tabs and line feeds too."""
    steering = (
        *range(0x09),
        *range(0x0B, 0x20),
        *range(0x7F, 0xA0),  # C0 but tab and line feed, DEL, C1
        0x00AD,
        0x061C,
        0x180E,
        0x200B,
        0x200E,
        0x200F,
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        *range(0xD800, 0xE000),  # surrogates, which no encoding takes
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    )
    found = {code: _escaped(chr(code)) for code in steering}
    return found | {0x09: "\\t", 0x0A: "\\n"} if in_line else found


def clean(text: str) -> str:
    """The text with every character that steers or hides written as its escape; lines and tabs stay."""
    return text if text.isprintable() else text.replace("\r\n", "\n").translate(_shown(False))


def clean_line(text: str) -> str:
    """The same for a name or a value that must stay on one line."""
    return text if text.isprintable() else text.translate(_shown(True))


def typed(text: str) -> bytes:
    """The bytes that somebody typed, in a locale that can't read them too; what can't have been typed is escaped."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


class PlainOutput(io.TextIOWrapper):
    """An output that cleans what is written to it, and shows as an escape what its encoding doesn't have."""

    def write(self, text: str) -> int:
        super().write(clean(text))
        return len(text)

    def steer(self, text: str) -> None:
        """Write control characters that the program itself means."""
        super().write(text)


def steer(stream: TextIO, text: str) -> None:
    """Write control characters that the program itself means, on whatever output."""
    if isinstance(stream, PlainOutput):
        stream.steer(text)
    else:
        stream.write(text)


def guard_outputs() -> None:
    """Let standard output and standard error be plain from now on. What is written to their `buffer` stays as it is."""
    os.environ["PYTHON_COLORS"] = "0"  # Python's own colours would be shown too
    codecs.register_error("lab-escape", _escape_what_fails)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before this program started
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and not isinstance(stream, PlainOutput):
            stream.flush()
            setattr(
                sys,
                name,
                PlainOutput(
                    stream.buffer,
                    encoding=stream.encoding,
                    errors="lab-escape",
                    line_buffering=stream.line_buffering,
                    write_through=stream.write_through,
                ),
            )


def _escape_what_fails(error: UnicodeError) -> tuple[str, int]:
    """Codecs ask for a replacement and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escaped(error.object[error.start : error.end]), error.end
