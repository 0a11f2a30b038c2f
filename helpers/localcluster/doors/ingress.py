"""How a browser gets to the shop: two ways in from outside the cluster, both judged as an outside client.

A UNIX socket for a proxy of the same user (JupyterLab's), and a port on
loopback whose paths begin with a secret, so that no other user of the machine
gets in. Both lead to the shop's frontend, or where an Ingress sends the request.
"""

import asyncio
import hmac
import html
import os
from collections.abc import Callable
from pathlib import Path

from helpers.localcluster.dataplane.addresses import OUTSIDE_ADDRESS
from helpers.localcluster.dataplane.directory import SERVICES, ObjectStore
from helpers.localcluster.dataplane.gateway import MOST_STRANGERS, Gateway
from helpers.localcluster.dataplane.httpcaller import HttpCaller, title
from helpers.localcluster.dataplane.request import Request
from helpers.localcluster.doors import routes
from helpers.localcluster.doors.door import Door, Strangers

INGRESSES = "ingresses.networking.k8s.io"
NAMESPACE = "default"
FRONT_DOORS = ("frontend-external", "frontend")
PORT = 80

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{status} {title}</title>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#2b211e;\
background:#fbf4ea"><h1 style="font-size:1.4rem">{heading}</h1><p>{sentence}</p>
<pre id="cause" style="white-space:pre-wrap;color:#6b5b55">{status} {title}: {cause}</pre></body></html>
"""
# As the shop's own pages say it (helpers.boutique.frontend): what a page loads, and who may show it inside its own.
_CONTENT = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    "Referrer-Policy: same-origin",
    "X-Content-Type-Options: nosniff",
)
_THIS_MACHINE = "http://localhost:* http://127.0.0.1:*"
_HEADINGS = {502: "The shop doesn't answer", 503: "The shop isn't open yet", 504: "The shop can't be reached"}
_SENTENCES = {
    404: "There is nothing at this address. <code>python -m helpers status</code> prints the shop's.",
    502: "Its frontend isn't listening, or just starting; <code>kubectl get pods</code> shows which. "
    "This page looks again every two seconds.",
    503: "It isn't deployed. Notebook 01 does that, or <code>lab.deploy()</code>. "
    "This page looks again every two seconds.",
    504: "The connection from outside to the frontend is dropped. "
    "<code>kubectl get flows</code> shows which policy decided.",
}


class Ingress:
    """The shop's front doors; start it after the gateway, stop it before."""

    def __init__(
        self,
        gateway: Gateway,
        store: ObjectStore,
        socket: Path,
        secret: str,
        visited: Callable[[], None] = lambda: None,
    ) -> None:
        self._visited = visited
        self._gateway = gateway
        self._store = store
        self._socket = socket
        self._prefix = f"/{secret}".encode()
        self._strangers = Strangers(MOST_STRANGERS)
        self._door = Door(
            lambda link: asyncio.get_running_loop().connect_accepted_socket(
                lambda: Visitor(self._gateway, self, self._strangers, self._prefix), link
            ),
            self._strangers,
        )
        self._proxied = Strangers(MOST_STRANGERS)  # their own: nobody else gets to the socket
        self._server: asyncio.Server | None = None
        self.port = 0
        """The port on 127.0.0.1; 0 before `start`."""

    async def start(self, port: int = 0) -> None:
        """Listen on the socket and on a port: the given one if it is free."""
        self._socket.unlink(missing_ok=True)
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: Visitor(self._gateway, self, self._proxied, None), self._socket
        )
        os.chmod(self._socket, 0o600)
        try:
            self.port = self._door.open(port)
        except OSError:
            self.port = self._door.open()

    async def stop(self) -> None:
        """Listen no more; connections that have been let in are the gateway's to cut."""
        if self._server:
            self._server.close()
        await self._door.close()
        self._proxied.cut_all()
        self._socket.unlink(missing_ok=True)

    def backend(self, head: bytes) -> Request | None:
        """The Service that this request is led to: by an Ingress, or else the shop's own; None before there is one."""
        self._visited()
        route = routes.choose(self._store.list(INGRESSES), *_host_and_path(head))
        return self._front_door() if route is None else self._behind(route)

    def _behind(self, route: routes.Route) -> Request:
        """A port that goes by its name has its number in the Service; without one nobody answers on port 80."""
        service = self._store.get(SERVICES, route.namespace, route.service) or {"spec": {}}
        numbers = {port.get("name"): port["port"] for port in service["spec"].get("ports") or ()}
        port = route.port if isinstance(route.port, int) else numbers.get(route.port, PORT)
        return Request(f"{route.service}.{route.namespace}.svc.cluster.local", port)

    def _front_door(self) -> Request | None:
        found = [name for name in FRONT_DOORS if self._store.get(SERVICES, NAMESPACE, name)]
        return Request(found[0], PORT) if found else None


class Visitor(HttpCaller):
    """A browser's connection: one request whose path is checked, or, without a prefix, whatever comes."""

    # A load balancer, too, answers for a backend that doesn't.
    connect_seconds = 5.0

    def __init__(self, gateway: Gateway, ingress: Ingress, strangers: Strangers, prefix: bytes | None) -> None:
        super().__init__(gateway, strangers)
        self._ingress = ingress
        self._prefix = prefix
        self._head = b""

    def take_head(self, head: bytes) -> None:
        """Take the prefix off the path, and ask for the frontend."""
        if self._prefix is None:
            self._head = head + b"\r\n\r\n"
        elif not self._rewrite(head, self._prefix):
            return
        door = self._ingress.backend(self._head)
        if door is None:
            # Nobody was called: a page that waits for the shop fills no flow log.
            self.answer(503, f"there is no Service {' or '.join(FRONT_DOORS)}")
        else:
            self.ask(OUTSIDE_ADDRESS, door)

    def _rewrite(self, head: bytes, prefix: bytes) -> bool:
        """Keep the head as the frontend is to see it; False if the request was answered here."""
        first, *lines = head.split(b"\r\n")
        words = first.split(b" ")
        if len(words) != 3:
            self.answer(400, "this is an HTTP/1.1 server")
            return False
        given, rest = words[1][: len(prefix)], words[1][len(prefix) :]
        if not hmac.compare_digest(given, prefix) or rest[:1] not in (b"", b"/", b"?"):
            self.answer(404, "nothing here")
            return False
        if rest[:1] != b"/":
            self.respond(301, [f"Location: {(prefix + b'/' + rest).decode('latin-1')}"], b"")
            return False
        kept = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
        # One request a connection: the next one's path has to be looked at too.
        self._head = b"\r\n".join([b" ".join([words[0], rest, words[2]]), *kept, b"Connection: close", b"", b""])
        return True

    def introduce(self) -> bytes:
        """The frontend sees the request as if it had been sent to its root."""
        return self._head

    def answer(self, status: int, reason: str, detail: str = "") -> None:
        """A page that says why the shop can't be shown."""
        page = _PAGE.format(
            status=status,
            title=title(status),
            heading=_HEADINGS.get(status, title(status)),
            sentence=_SENTENCES.get(status, ""),
            cause=html.escape(f"{reason}: {detail}" if detail else reason),
        ).encode()
        again = ["Refresh: 2", "Retry-After: 2"] if status in (502, 503) else []
        ancestors = "'self'" if self._prefix is None else f"'self' {_THIS_MACHINE}"
        policy = f"Content-Security-Policy: {_CONTENT}; frame-ancestors {ancestors}"
        self.respond(status, [*_HEADERS, policy, *again], page)


def _host_and_path(head: bytes) -> tuple[str, str]:
    """What a request asks for: its Host without the port, its path without the query."""
    first, *lines = head.decode("latin-1").split("\r\n")
    path = first.split(" ")[1].partition("?")[0] if first.count(" ") > 1 else "/"
    named = (line.partition(":") for line in lines)
    host = next((value.strip() for name, _, value in named if name.lower() == "host"), "")
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host, path
