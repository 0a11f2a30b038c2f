"""Fetch pages of the shop as a browser would: cookies per visitor, redirects, and what the error page says.

Imports little: `python -m helpers page` is called in loops.
"""

import html
import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from helpers.lab import tones
from helpers.lab.errors import ShopError
from helpers.plain_text import clean, typed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
_AS_THEY_ARE = "%/?:@!$&'()*+,;=~-._[]"  # in a URL's path and query
TIMEOUT = 40.0
"""Seconds for one answer: the upstream frontend takes up to 20 before it gives up on a service."""


@dataclass(frozen=True)
class Page:
    """A page as it arrived. `seconds` is the whole time with redirects; `error` is the cause an error page gives."""

    path: str
    status: int
    seconds: float
    error: str = ""
    title: str = ""
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)

    @property
    def ok(self) -> bool:
        return self.status < 400

    def as_dict(self) -> dict[str, Any]:
        """What `python -m helpers page -o json` prints."""
        return {
            "path": self.path,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "error": self.error or None,
            "title": self.title,
        }

    def __repr__(self) -> str:
        """One sentence, and the cause that an error page gives."""
        head = f"{self.path} answered {self.status} {http.client.responses.get(self.status, '')}".rstrip()
        return clean(f"{head} after {self.seconds:.2f} s" + (f": {self.error}" if self.error else ""))

    def _repr_html_(self) -> str:
        mark = "✓" if self.ok else "✗"
        cause = (
            f'<pre style="white-space:pre-wrap;margin:.3em 0 0">{html.escape(self.error)}</pre>' if self.error else ""
        )
        return (
            f'<div data-status="{self.status}"><strong style="color:{tones.verdict(self.ok)}">{mark} {self.status} '
            f"{http.client.responses.get(self.status, '')}</strong> <code>{html.escape(self.path)}</code> "
            f"{html.escape(self.title)} · {self.seconds:.2f} s{cause}</div>"
        )


class Visitor:
    """One visitor of the shop: keeps the cookies that make up a cart."""

    def __init__(self, cookies: Mapping[str, str] | None = None) -> None:
        self.cookies = dict(cookies or {})

    def fetch(self, base: str, path: str, data: Mapping[str, Any] | None = None, timeout: float = TIMEOUT) -> Page:
        """Get `path`, or post `data` to it, below the URL `base`, following redirects.

        Raises ShopError if nothing answers at all.
        """
        url = urljoin(base if base.endswith("/") else base + "/", path.lstrip("/"))
        form = None if data is None else {typed(str(key)): typed(str(value)) for key, value in data.items()}
        body = None if form is None else urlencode(form)
        began = time.perf_counter()
        for _ in range(_MOST_REDIRECTS):
            status, headers, content = self._exchange(url, body, timeout)
            target = headers.get("Location")
            if status not in _REDIRECTS or not target:
                return page_of(path, status, time.perf_counter() - began, content)
            url = _rebased(base, urljoin(url, target))
            body = body if status in (307, 308) else None
        raise ShopError(f"{path} leads from one redirect to the next without end.")

    def _exchange(self, url: str, body: str | None, timeout: float) -> tuple[int, http.client.HTTPMessage, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            target = quote(typed(parts.path + (f"?{parts.query}" if parts.query else "")), safe=_AS_THEY_ARE)
            connection.request(
                "GET" if body is None else "POST", target, body, {key: value for key, value in headers.items() if value}
            )
            response = connection.getresponse()
            content = response.read().decode(errors="replace")
            self._keep(response.headers)
            return response.status, response.headers, content
        except (OSError, http.client.HTTPException) as error:
            raise ShopError(_silence(error, timeout)) from None
        finally:
            connection.close()

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for line in headers.get_all("Set-Cookie") or []:
            try:
                for name, morsel in SimpleCookie(line).items():
                    if morsel["max-age"] == "0" or not morsel.value or morsel["max-age"].startswith("-"):
                        self.cookies.pop(name, None)
                    else:
                        self.cookies[name] = morsel.value
            except CookieError:
                continue


_visitor = Visitor()


def page(path: str = "/", data: Mapping[str, Any] | None = None, *, new_cart: bool = False) -> Page:
    """Open a page of the shop as a browser would, or post `data` (a form) to it.

    The cart lasts as long as the kernel; `new_cart` comes as a fresh visitor and is one from then on.
    Raises ShopError if the shop does not answer at all.
    """
    global _visitor
    from helpers.lab.bar import counted, interruptible
    from helpers.lab.shop.entrance import base_url

    if new_cart:
        _visitor = Visitor()
    with interruptible(f"lab.page({path!r})"), counted(f"{path}: waiting"):
        return _visitor.fetch(base_url(), path, data)


def page_of(path: str, status: int, seconds: float, content: str) -> Page:
    """Read an answer: its title, its plain text and, from 400 on, the cause."""
    reader = _Reader()
    reader.feed(content)
    error = _cause(content, status) if status >= 400 else ""
    return Page(path, status, seconds, error, reader.title.strip(), reader.text(), content)


def _cause(content: str, status: int) -> str:
    """The cause on an error page: `<pre id="cause">` here, the only `<pre>` on upstream's; else its first words."""
    found = re.search(r'<pre[^>]*\bid="cause"[^>]*>(.*?)</pre>', content, re.DOTALL) or re.search(
        r"<pre[^>]*>(.*?)</pre>", content, re.DOTALL
    )
    if found:
        return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip()
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())
    return words[:300] or http.client.responses.get(status, "no cause given")


class _Reader(HTMLParser):
    """The title and the visible words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self._words: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("title", "script", "style", "svg"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.title += data if self._inside[-1] == "title" else ""
        else:
            self._words.extend(data.split())

    def text(self) -> str:
        return " ".join(self._words)


def _rebased(base: str, url: str) -> str:
    """A redirect that leaves the base path (as upstream's `/cart` does) comes back below it."""
    prefix, parts = urlsplit(base).path.rstrip("/"), urlsplit(url)
    if prefix and not parts.path.startswith(prefix + "/") and parts.netloc == urlsplit(base).netloc:
        parts = parts._replace(path=prefix + parts.path)
    return parts.geturl()


def _silence(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"The shop did not answer within {timeout:.0f} s. Is the frontend Ready? Try: kubectl get pods"
    if isinstance(error, ConnectionRefusedError):
        return "Nothing answers where the shop should be: the cluster does not run. Start it with lab.start()."
    return (
        f"The shop's entrance closed the connection ({error or type(error).__name__}). "
        "Is the frontend Ready? Try: kubectl get pods; if it is missing: lab.deploy()"
    )
