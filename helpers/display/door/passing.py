"""Pass a browser's request on to the shop, and the answer back. What is Jupyter's stays; links lead below the door."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from helpers.lab.shop.ways import Closed, Way

TIMEOUT = 60.0
"""Seconds for one page: upstream's frontend takes up to 20 before it gives up on a service."""

_OWN_COOKIES = "shop_"  # the shop's; the others are Jupyter's, and open it
_STAYS = frozenset(
    "authorization cookie connection host content-length accept-encoding transfer-encoding upgrade".split()
)
_OF_THE_LINE = frozenset("connection keep-alive content-length transfer-encoding date server".split())
_FROM_THE_ROOT = re.compile(rb"""(\s(?:href|src|action)=["'])/(?!/)""")


@dataclass(frozen=True)
class Asked:
    """A request as the shop is to see it; `root` is the relative way from its path to the shop's root."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    root: str

    @classmethod
    def of(cls, request: Request, body: bytes) -> Asked:
        """Leave out what is between the browser and Jupyter: its cookies, its token."""
        path = request.scope["raw_path"].decode("latin-1")
        query = "&".join(pair for pair in request.url.query.split("&") if not pair.startswith("token="))
        headers = [(key, value) for key, value in request.headers.items() if key not in _STAYS]
        cookies = "; ".join(f"{key}={value}" for key, value in request.cookies.items() if key.startswith(_OWN_COOKIES))
        if cookies:
            headers.append(("cookie", cookies))
        headers.append(("host", request.headers.get("host", "shop")))
        target = f"{path}?{query}" if query else path
        return cls(request.method, target, tuple(headers), body, "../" * (path.count("/") - 1) or "./")


HEALTH = Asked("GET", "/_healthz", (("host", "shop"),), b"", "./")


@dataclass(frozen=True)
class Answer:
    """What the shop said."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def waits(self) -> bool:
        """Whether the local cluster's entrance says that there is no shop yet."""
        return self.status in (502, 503) and any(key.lower() == "retry-after" for key, _ in self.headers)


def fetch(way: Way, asked: Asked) -> Answer:
    """The shop's answer. A broken way is mended once, and nothing is sent twice that may have arrived.

    Raises Closed if there is no shop.
    """
    repeatable = asked.method in ("GET", "HEAD")
    if not repeatable:
        way.mend()
    try:
        return exchange(way, asked)
    except (OSError, http.client.HTTPException) as error:
        if repeatable and not isinstance(error, TimeoutError) and way.mend():
            return fetch(way, asked)
        raise Closed("The shop doesn't answer", _silence(error)) from None


def exchange(way: Way, asked: Asked) -> Answer:
    """One request, one answer. Raises Closed, OSError or HTTPException without one."""
    connection = way.connect(TIMEOUT)
    try:
        connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
        for key, value in asked.headers:
            connection.putheader(key, value.encode("latin-1"))
        connection.putheader("connection", "close")
        if asked.body or asked.method not in ("GET", "HEAD"):
            connection.putheader("content-length", str(len(asked.body)))
        connection.endheaders(asked.body or None)
        answer = connection.getresponse()
        return Answer(answer.status, tuple(answer.getheaders()), answer.read())
    finally:
        connection.close()


def passed_on(answer: Answer, root: str) -> Response:
    """The answer for the browser; links and redirects from the root on, as upstream has them, are made relative."""
    html = any(key.lower() == "content-type" and value.startswith("text/html") for key, value in answer.headers)
    body = _FROM_THE_ROOT.sub(rb"\g<1>" + root.encode(), answer.body) if html else answer.body
    response = Response(body, answer.status)
    for key, value in answer.headers:
        if key.lower() == "location" and re.match(r"/(?!/)", value):
            value = root + value[1:]
        if key.lower() not in _OF_THE_LINE:
            response.headers.append(key, value)
    return response


def _silence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"There was no answer within {TIMEOUT:.0f} s. Is the frontend Ready? Try: kubectl get pods"
    return f"The connection was closed ({error or type(error).__name__}). Is the frontend Ready? Try: kubectl get pods"
