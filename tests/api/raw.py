"""TLS connections of a client that says what it likes."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

from .conftest import Cluster


@contextlib.contextmanager
def connected(cluster: Cluster) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", cluster.port), timeout=10) as plain,
        cluster.tls().wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        yield wrapped


def received(client: ssl.SSLSocket) -> bytes:
    """Everything until the server closes."""
    data = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := client.recv(65536):
            data += piece
    return data


def talk(cluster: Cluster, sent: bytes) -> bytes:
    with connected(cluster) as client:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            client.sendall(sent)
        return received(client)


def authorized(cluster: Cluster, line: str, *headers: str) -> bytes:
    token = f"Authorization: Bearer {cluster.credentials.token}"
    return "\r\n".join([line, "Host: x", token, *headers, "", ""]).encode()
