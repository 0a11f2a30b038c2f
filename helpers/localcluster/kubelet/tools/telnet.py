"""BusyBox's telnet, as far as people look with it whether a port answers."""

import os
import select
import sys

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, names

USAGE = "Usage: telnet HOST [PORT]"


def main(arguments: list[str]) -> int:
    """The exit status: 1 if it didn't connect, or was disconnected."""
    try:
        _, operands = options.read("telnet", arguments, "4a", usage=USAGE)
        if not 0 < len(operands) < 3:
            raise Fault(1, USAGE)
        return _talk(operands[0], options.port("telnet", operands[1] if len(operands) > 1 else "23"))
    except Fault as fault:
        return options.ended(fault)


def _talk(host: str, port: int) -> int:
    address = _address(host)
    try:
        link = dialling.dial(address, port)
    except dialling.NoNetwork as error:
        raise Fault(1, f"telnet: {error}") from None
    except dialling.DialError as error:
        raise Fault(1, f"telnet: can't connect to remote host ({address}): {_reason(error)}") from None
    print(f"Connected to {host}\n", flush=True)
    sources = [link.fileno(), 0]
    with link:
        while True:
            ready, _, _ = select.select(sources, [], [])
            if link.fileno() in ready:
                data = link.recv(65536)
                if not data:
                    print("Connection closed by foreign host", file=sys.stderr)
                    return 1
                os.write(1, data)
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return 1
                link.sendall(data.replace(b"\n", b"\r\n"))


def _address(host: str) -> str:
    try:
        found = names.resolve(host)
    except dialling.DialError:
        raise Fault(1, f"telnet: bad address '{host}'") from None
    if not found.addresses:
        raise Fault(1, f"telnet: bad address '{host}'")
    return found.addresses[0]


def _reason(error: dialling.DialError) -> str:
    return (
        "Connection timed out"
        if isinstance(error, dialling.Dropped)
        else "Connection refused"
        if isinstance(error, dialling.Refused)
        else "No route to host"
    )
