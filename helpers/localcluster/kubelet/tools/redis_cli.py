"""redis-cli, as far as people look with it whether a server answers: one command, or lines from the input."""

import socket
import sys
from typing import BinaryIO

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling

USAGE = "Usage: redis-cli [-h HOST] [-p PORT] [COMMAND WORD...]"


def main(arguments: list[str]) -> int:
    """The exit status: 1 if there was no connection or no answer."""
    host, port, words = "127.0.0.1", "6379", list(arguments)
    try:
        while words and words[0].startswith("-"):
            if words[0] not in ("-h", "-p", "-t", "-n") or len(words) < 2:
                raise Fault(1, USAGE)
            option, value, *words = words
            host, port = (value, port) if option == "-h" else (host, value) if option == "-p" else (host, port)
        with _connect(host, options.port("redis-cli", port)) as link, link.makefile("rb") as stream:
            for line in [words] if words else (line.split() for line in sys.stdin):
                if line:
                    _ask(link, stream, line)
    except Fault as fault:
        return options.ended(fault)
    return 0


def _connect(host: str, port: int) -> socket.socket:
    try:
        return dialling.dial(host, port)
    except dialling.DialError as error:
        text = (
            "Name or service not known"
            if isinstance(error, dialling.UnknownName | dialling.LookupTimedOut)
            else ("Connection timed out" if isinstance(error, dialling.Dropped) else str(error).capitalize())
        )
        raise Fault(1, f"Could not connect to Redis at {host}:{port}: {text}") from None


def _ask(link: socket.socket, stream: BinaryIO, words: list[str]) -> None:
    parts = [f"*{len(words)}\r\n".encode(), *(f"${len(word.encode())}\r\n{word}\r\n".encode() for word in words)]
    try:
        link.sendall(b"".join(parts))
        print(_reply(stream), flush=True)
    except (OSError, ValueError):
        raise Fault(1, "Error: Server closed the connection") from None


def _reply(stream: BinaryIO, depth: int = 0) -> str:
    """One answer as text. Raises ValueError if there is none."""
    line = stream.readline().decode(errors="replace").rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind == "$":
        return "(nil)" if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode(errors="replace")
    if kind == "*" and depth < 8:
        entries = [f"{place}) {_reply(stream, depth + 1)}" for place in range(1, int(rest) + 1)]
        return "\n".join(entries) or "(empty array)"
    if kind in "+-:" and kind:
        return {"-": "(error) ", ":": "(integer) "}.get(kind, "") + rest
    raise ValueError(line)
