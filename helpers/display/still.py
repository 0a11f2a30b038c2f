"""A page of the shop in one piece: its style sheets and pictures inside, for exported notebooks."""

import base64
import http.client
import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from helpers.lab.shop.entrance import base_url
from helpers.lab.shop.pages import Page

_LARGEST = 200_000  # bytes; anything larger is left out
_SECONDS = 5.0
_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
}


def standalone(page: Page) -> str:
    """The page's HTML with what it refers to written into it; what can't be fetched stays as it is."""
    url = urljoin(base_url(), page.path.lstrip("/"))

    def style(found: re.Match[str]) -> str:
        content = _fetch(urljoin(url, found[1]))
        return f"<style>{content.decode(errors='replace')}</style>" if content else found[0]

    text = re.sub(r'<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^"]+)"[^>]*>', style, page.html)
    text = re.sub(r'<link\b[^>]*\bhref="([^"]+)"[^>]*\brel="stylesheet"[^>]*>', style, text)
    text = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    return re.sub(r'(<img\b[^>]*\bsrc=)"([^"]+)"', _embedder(url), text)


def _embedder(url: str) -> Callable[[re.Match[str]], str]:
    def embed(found: re.Match[str]) -> str:
        kind = _TYPES.get("." + urlsplit(found[2]).path.rpartition(".")[2], "")
        content = _fetch(urljoin(url, found[2])) if kind else b""
        if not content:
            return found[0]
        return f'{found[1]}"data:{kind};base64,{base64.b64encode(content).decode()}"'

    return embed


def _fetch(url: str) -> bytes:
    """The content at a URL of the shop; empty if there is none, or too much."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.netloc != urlsplit(base_url()).netloc:
        return b""
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        content = response.read(_LARGEST + 1)
        return content if response.status == 200 and len(content) <= _LARGEST else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
