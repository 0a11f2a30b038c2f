"""A very small web client: keeps cookies, follows redirects, speaks through the gateway. For visitors by program."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin

from helpers.boutique.tunnel import open_connection

__all__ = ["Answer", "Browser"]

_LARGEST = 4_000_000


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, header fields in lower case, the text, and the path that it belongs to."""

    status: int
    headers: dict[str, str]
    text: str
    path: str


@dataclass
class Browser:
    """One visitor of the shop at host:port. `timeout` in seconds, for a whole answer.

    Raises ConnectionError, TimeoutError or ValueError when no proper answer comes.
    """

    host: str
    port: int
    timeout: float = 20.0
    environ: Mapping[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> Answer:
        """The page at `path`, after redirects."""
        return await self._follow("GET", path, "")

    async def post(self, path: str, **form: object) -> Answer:
        """Send a form to `path`; the page after redirects."""
        return await self._follow("POST", path, urlencode(form))

    async def _follow(self, method: str, path: str, body: str) -> Answer:
        for _ in range(4):
            answer = await asyncio.wait_for(self._exchange(method, path, body), self.timeout)
            if answer.status not in (301, 302, 303) or "location" not in answer.headers:
                return answer
            method, path, body = "GET", urljoin(path, answer.headers["location"]), ""
        raise ValueError(f"too many redirects at {path}")

    async def _exchange(self, method: str, path: str, body: str) -> Answer:
        reader, writer = await open_connection(self.host, self.port, self.timeout, self.environ)
        try:
            writer.write(self._request(method, path, body))
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            content = await reader.read(_LARGEST)
            while chunk := await reader.read(_LARGEST):
                content += chunk
        except asyncio.IncompleteReadError:
            raise ConnectionResetError(f"{self.host}:{self.port} closed the connection without an answer") from None
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return self._answer(head, content, path)

    def _request(self, method: str, path: str, body: str) -> bytes:
        # HTTP/1.0: the answer ends with the connection, and is never chunked.
        lines = [f"{method} {path} HTTP/1.0", f"Host: {self.host}", "User-Agent: hipster-shop-visitor"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body.encode())}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def _answer(self, head: str, content: bytes, path: str) -> Answer:
        first, *lines = head.rstrip().split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() == "set-cookie":
                self._keep(value.strip())
            headers[name.lower()] = value.strip()
        return Answer(int(first.split(" ", 2)[1]), headers, content.decode("utf-8", "replace"), path)

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if value.strip('"'):
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)
