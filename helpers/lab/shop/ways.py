"""Ways from Jupyter to the shop of the chosen cluster: the local one's socket, or a port-forward."""

import http.client
import socket
import threading
from typing import Protocol

from helpers.lab.cluster import chosen, local
from helpers.lab.cluster.forward import Forward, KeptForward
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.errors import LabError, ShopError
from helpers.lab.shop import entrance

FORWARDED = "by port-forward: policies for traffic from outside don't apply on this way"


class Closed(ShopError):
    """The shop can't be reached now, and may be later; `heading` says in a few words why."""

    def __init__(self, heading: str, message: str) -> None:
        super().__init__(message)
        self.heading = heading


class Way(Protocol):
    """A way to one shop; safe to use from several threads."""

    note: str
    """What a visitor should know of it."""
    pause: float
    """Seconds to wait between two looks whether the shop has opened."""

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A fresh connection to the frontend. Raises Closed if there is none."""
        ...

    def mend(self) -> bool:
        """Make the way anew if it is broken; whether that was so. Raises Closed if it can't be mended."""
        ...

    def close(self) -> None: ...


class LocalWay:
    """The local cluster's own entrance, where policies for traffic from outside apply."""

    note = ""
    pause = 0.5

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("shop", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        try:
            connection.sock.connect(local.shop_socket())
        except OSError:
            connection.close()
            text = "The shop runs in it. To start it again, run the first cell of a notebook."
            raise Closed("The cluster is stopped", text) from None
        return connection

    def mend(self) -> bool:
        return False

    def close(self) -> None:
        pass


class ForwardWay:
    """A port-forward to a pod of the frontend, kept until that pod or the connection is gone."""

    note = FORWARDED
    pause = 2.0

    def __init__(self, context: Context, namespace: str) -> None:
        self._context, self._namespace = context, namespace
        self._lock = threading.Lock()
        self._forward = KeptForward(self._opened)

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        with self._lock:
            return http.client.HTTPConnection("127.0.0.1", self._forward.port, timeout=timeout)

    def mend(self) -> bool:
        with self._lock:
            return self._forward.mend()

    def _opened(self) -> Forward:
        try:
            return entrance.to_frontend(self._context, self._namespace)
        except LabError as error:
            raise Closed("The shop isn't open yet", f"Cluster {self._context.name!r}: {error}") from None

    def close(self) -> None:
        with self._lock:
            self._forward.end()


class Ways:
    """The way for one Jupyter server, by its process id: another one as soon as a notebook chooses another cluster."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._chosen: chosen.Chosen | None = None
        self._way: Way = LocalWay()

    def current(self) -> Way:
        """The way to take now. Raises Closed if the kubeconfig has lost the context."""
        with self._lock:
            try:
                now = chosen.of_server(self._server)
            except LabError as error:
                raise Closed("The cluster isn't known any more", str(error)) from None
            if now != self._chosen:
                self._way.close()
                self._way = ForwardWay(now.context, now.namespace) if now.context else LocalWay()
                self._chosen = now
            return self._way

    def close(self) -> None:
        """Leave nothing running."""
        with self._lock:
            self._way.close()
