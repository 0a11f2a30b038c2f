"""Taking a port of the pod: the socket that programs elsewhere reach."""

import contextlib
import errno
import os
import socket
from pathlib import Path

from helpers.podnet import places

BACKLOG = 128


def bind(port: int, protocol: str = "TCP") -> socket.socket:
    """A socket that listens on the pod's port; of datagrams for UDP. Raises OSError (EADDRINUSE) if it is taken."""
    path = places.listen_path(port, protocol)
    kind = socket.SOCK_DGRAM if protocol == "UDP" else socket.SOCK_STREAM
    if path is None:
        return _of_machine(port, protocol, kind)
    # Under a name of its own first, so that the port's name never stands for a socket that doesn't listen yet.
    hidden = str(Path(path).with_name(f"{os.getpid():x}.{port:x}"))
    link = socket.socket(socket.AF_UNIX, kind)
    try:
        link.bind(hidden)
        try:
            if kind == socket.SOCK_STREAM:
                link.listen(BACKLOG)
            _publish(hidden, path, kind)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(hidden)
    except OSError:
        link.close()
        raise
    return link


def _publish(hidden: str, path: str, kind: socket.SocketKind) -> None:
    """Give the socket its port's name; one that an earlier process has left there is replaced."""
    try:
        os.link(hidden, path)
    except OSError:
        # An earlier process has left one, or sockets have but one name on this file system.
        if _answers(path, kind):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)) from None
        os.replace(hidden, path)


def _answers(path: str, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_UNIX, kind) as trial:
        trial.setblocking(False)
        try:
            trial.connect(path)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def _of_machine(port: int, protocol: str, kind: socket.SocketKind) -> socket.socket:
    number = getattr(socket, "IPPROTO_SCTP", 132) if protocol == "SCTP" else 0
    link = socket.socket(socket.AF_INET, kind, number)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind(("", port))
        if protocol == "TCP":
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if kind == socket.SOCK_STREAM:
            link.listen(BACKLOG)
    except OSError:
        link.close()
        raise
    return link
