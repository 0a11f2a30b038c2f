"""netcat: look whether a port answers (`-z`), speak to it, or listen, over TCP, UDP or SCTP.

Also known as OpenBSD's nc and nmap's ncat; the words are BusyBox's.
"""

import os
import select
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, listening, names, places
from helpers.podnet.datagrams import Flow

USAGE = "Usage: nc [-zvu] [-w SEC] HOST PORT    or    nc -l [-ku] [-e PROG] -p PORT"
PIECE = 65507


def main(arguments: list[str]) -> int:
    """The exit status: 0 if it connected, else 1."""
    try:
        # Of these -t (Telnet's negotiation), -r, -4, -6, -n, -N, -i, -q and -s change nothing here.
        given, operands = options.read("nc", arguments, "zvuw:lkp:s:e:nq:i:N46tr", ("sctp", "udp"), usage=USAGE)
        return _run(dict(given), operands)
    except Fault as fault:
        return options.ended(fault)
    except KeyboardInterrupt:
        return 130


def _run(given: dict[str, str], operands: list[str]) -> int:
    protocol = "UDP" if "-u" in given or "--udp" in given else "SCTP" if "--sctp" in given else "TCP"
    seconds = options.number("nc", given["-w"]) if "-w" in given else None
    if "-l" in given:
        number = given.get("-p") or (operands[-1] if operands else "")
        return _listen(options.port("nc", number), protocol, "-k" in given, given.get("-e"))
    if len(operands) != 2:
        raise Fault(1, USAGE)
    verbose = "-v" in given
    first, _, last = operands[1].partition("-")
    ports = range(options.port("nc", first), options.port("nc", last or first) + 1)
    statuses = [_reach(operands[0], port, protocol, seconds, verbose, "-z" in given) for port in ports]
    return min(statuses)


def _reach(host: str, port: int, protocol: str, seconds: float | None, verbose: bool, only_look: bool) -> int:
    address = _address(host)
    shown = f"{host} ({address}:{port})"
    try:
        if protocol == "UDP":
            with Flow(address, port) as flow:
                return _look_at(flow, shown, verbose) if only_look else _talk_datagrams(flow, seconds)
        with dialling.dial(address, port, protocol, seconds) as link:
            if verbose:
                print(f"{shown} open", file=sys.stderr, flush=True)
            if not only_look:
                _talk(link, seconds)
        return 0
    except dialling.Dropped:
        reason = "nc: timed out" if seconds else f"nc: {shown}: Connection timed out"
    except (dialling.Refused, ConnectionRefusedError):
        reason = f"nc: {shown}: Connection refused"
    except dialling.Unreachable:
        reason = f"nc: {shown}: No route to host"
    except dialling.DialError as error:
        reason = f"nc: {error}"
    print(reason, file=sys.stderr, flush=True)
    return 1


def _address(host: str) -> str:
    try:
        found = names.resolve(host)
    except dialling.DialError:
        raise Fault(1, f"nc: bad address '{host}'") from None
    if not found.addresses:
        raise Fault(1, f"nc: bad address '{host}'")
    return found.addresses[0]


def _look_at(flow: Flow, shown: str, verbose: bool) -> int:
    """UDP has no handshake: open is what isn't refused within a moment."""
    flow.send(b"X")
    with suppress(TimeoutError):
        flow.receive(1.0)
    if verbose:
        print(f"{shown} open", file=sys.stderr, flush=True)
    return 0


def _talk(link: socket.socket, seconds: float | None) -> None:
    """Input to the other end, its answer to the output, until it ends or is silent for too long."""

    def take() -> bool:
        data = link.recv(PIECE)
        return _write(data)

    _copy(link, take, link.sendall, lambda: link.shutdown(socket.SHUT_WR), seconds)


def _talk_datagrams(flow: Flow, seconds: float | None) -> int:
    def take() -> bool:
        try:
            data = flow.receive(0.001)
        except TimeoutError:
            return True
        return _write(data) or True

    _copy(flow, take, flow.send, lambda: None, seconds)
    return 0


def _copy(
    link: "socket.socket | Flow",
    take: Callable[[], bool],
    send: Callable[[bytes], None],
    end: Callable[[], None],
    seconds: float | None,
) -> None:
    sources: list[int] = [link.fileno(), 0]
    heard = time.monotonic()
    while True:
        left = None if seconds is None else max(0.0, heard + seconds - time.monotonic())
        ready, _, _ = select.select(sources, [], [], left)
        if not ready:
            return
        if link.fileno() in ready:
            heard = time.monotonic()
            if not take():
                return
        if 0 in ready:
            data = os.read(0, PIECE)
            if data:
                send(data)
            else:
                sources.remove(0)
                end()


def _write(data: bytes) -> bool:
    while data:
        data = data[os.write(1, data) :]
        if not data:
            return True
    return False


def _listen(port: int, protocol: str, again: bool, program: str | None) -> int:
    try:
        door = listening.bind(port, protocol)
    except OSError as error:
        raise Fault(1, f"nc: bind: {error.strerror}") from None
    path = places.listen_path(port, protocol)
    with door:
        try:
            return _serve_datagrams(door, again) if protocol == "UDP" else _serve(door, again, program)
        finally:
            if path:
                os.unlink(path)


def _serve(door: socket.socket, again: bool, program: str | None) -> int:
    while True:
        link, _ = door.accept()
        with link:
            if program:
                end = link.fileno()
                subprocess.run(shlex.split(program), stdin=end, stdout=end, stderr=end, check=False)
            else:
                _talk(link, None)
        if not again:
            return 0


def _serve_datagrams(door: socket.socket, again: bool) -> int:
    """Print what comes; the input goes to whoever sent last."""
    sources, peer = [door.fileno(), 0], None
    while True:
        ready, _, _ = select.select(sources, [], [])
        if door.fileno() in ready:
            data, peer = door.recvfrom(PIECE)
            _write(data)
        if 0 in ready:
            data = os.read(0, PIECE)
            if not data:
                sources.remove(0)
            elif peer:
                try:
                    door.sendto(data, peer)
                except OSError:
                    if not again:
                        return 1
