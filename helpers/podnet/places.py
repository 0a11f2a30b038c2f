"""Where a port of a pod is: the names of its sockets, and what the pod knows about itself."""

import os
from collections.abc import Mapping

SUFFIXES = {"TCP": ".sock", "UDP": ".udp", "SCTP": ".sctp"}
"""What follows the port's number in the name of a socket: streams, but for UDP, whose sockets take datagrams."""


def socket_name(port: int, protocol: str = "TCP") -> str:
    """The name of the socket that stands for a port, in the pod's directory."""
    return f"{port}{SUFFIXES[protocol]}"


def listen_path(port: int, protocol: str = "TCP", environ: Mapping[str, str] = os.environ) -> str | None:
    """The path to listen on; None where the machine's own network is used."""
    directory = environ.get("LISTEN_DIR")
    return os.path.join(directory, socket_name(port, protocol)) if directory else None


def address(environ: Mapping[str, str] = os.environ) -> str:
    """The pod's own address."""
    return environ.get("POD_IP") or "127.0.0.1"


def hostname(environ: Mapping[str, str] = os.environ) -> str:
    """The pod's name, as its programs see it."""
    return environ.get("HOSTNAME") or "localhost"


def flow_name(address: str, port: int) -> str:
    """What the socket is called from which a caller reaches a pod: it tells the caller's IPv4 address and port."""
    return "".join(f"{int(part):02x}" for part in address.split(".")) + f"{port:04x}"


def flow_source(name: str | bytes) -> tuple[str, int]:
    """Address and port of the caller whose socket has this path or abstract name; ("", 0) if it tells none."""
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    try:
        number = bytes.fromhex(text.rpartition("/")[2].rpartition("-")[2])
    except ValueError:
        return "", 0
    return (".".join(map(str, number[:4])), int.from_bytes(number[4:], "big")) if len(number) == 6 else ("", 0)
