"""Carry one request to the API server and its answer back; two ways, one interface.

`LightTransport` speaks https with the standard library and is ready in milliseconds. `ClientTransport`
goes through the official Python client, which knows credential plug-ins and proxies. Tests bring a
scripted third one.
"""

import contextlib
import http.client
import os
import ssl
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import ClusterError


class Answer(NamedTuple):
    """An HTTP status and the body that came with it."""

    status: int
    body: bytes


class Transport(Protocol):
    """What the lab asks of a connection to an API server."""

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        """Send one request (path with query, time limit in seconds). Raises OSError without an answer."""
        ...

    def close(self) -> None:
        """Let go of the connection; the next request opens a new one."""
        ...


def connect(context: Context) -> Transport:
    """The lightest transport that can use this context."""
    return LightTransport(context) if context.plain else ClientTransport(context)


class LightTransport:
    """One kept connection over https; safe to call from several threads, one request at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tls = _tls(context)
        self._url = urlsplit(context.server)
        self._lock = threading.Lock()
        self._connection: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        with self._lock:
            kept = self._connection is not None
            try:
                return self._send(method, path, body, headers, timeout)
            except (http.client.HTTPException, ConnectionError) as error:
                if not kept or isinstance(error, TimeoutError):
                    raise OSError(str(error) or type(error).__name__) from error
            # The server closed the kept connection between two requests: that is no failure of this one.
            return self._send(method, path, body, headers, timeout)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        connection = self._open(timeout)
        token = self._context.token
        try:
            connection.request(
                method,
                self._url.path + path,
                body,
                {**headers, **({"Authorization": f"Bearer {token}"} if token else {})},
            )
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except BaseException:  # an interrupt too leaves half an answer behind
            self._end()
            raise

    def _open(self, timeout: float) -> http.client.HTTPSConnection:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._url.hostname or "", self._url.port or 443, timeout=timeout, context=self._tls
            )
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._connection

    def close(self) -> None:
        """After the request of another thread: that would open the connection anew, and leave it open."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        """A cluster that nobody holds any more leaves no socket open."""
        if hasattr(self, "_connection"):
            self._end()


class ClientTransport:
    """The official Python client underneath; imported when the first one is made."""

    def __init__(self, context: Context) -> None:
        self._client = api_client(context)

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Answer:
        import urllib3

        host = self._client.configuration.host.rstrip("/")
        _, url, ready, *_ = self._client.param_serialize(
            method, path, header_params=dict(headers), auth_settings=["BearerToken"], _host=host
        )
        try:
            response = self._client.rest_client.pool_manager.request(
                method, url, body=body, headers=ready, timeout=timeout, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise OSError(str(error)) from error
        return Answer(response.status, response.data)

    def close(self) -> None:
        self._client.rest_client.pool_manager.clear()


def api_client(context: Context) -> Any:
    """A `kubernetes.client.ApiClient` for this context. Raises ClusterError if the credentials cannot be loaded."""
    from kubernetes import config

    try:
        files = os.pathsep.join(map(str, context.files))
        return config.new_client_from_config(files, context.name, persist_config=False)
    except config.ConfigException as error:
        raise ClusterError(f"The kubeconfig context {context.name!r} cannot be used: {error}") from None


def _tls(context: Context) -> ssl.SSLContext:
    authority = context.data("cluster", "certificate-authority")
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if context.cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    certificate, key = context.data("user", "client-certificate"), context.data("user", "client-key")
    if certificate and key:
        _load_pair(tls, certificate, key)
    return tls


def _load_pair(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """ssl reads a client's key from a file only; this one lives for a moment and for its owner alone."""
    descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        tls.load_cert_chain(path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
