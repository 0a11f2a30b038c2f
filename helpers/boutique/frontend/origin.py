"""Who may show the shop's pages inside their own, and whose forms the shop takes: a browser sends cookies with all."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

_THIS_MACHINE = "http://localhost:* http://127.0.0.1:*"
"""A notebook shows a forwarded port of the shop beside itself."""


def is_foreign(request: Request) -> bool:
    """Whether a page of another site has made the browser send this, as well as the browser tells.

    Programs that are no browsers tell nothing, and carry nobody's cookies.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # Somebody else's page can't set these headers; a proxy may have put the first in the place of the second.
    own = {request.headers.get("host"), request.headers.get("x-forwarded-host")}
    return urlsplit(origin).netloc not in own


def ancestors(request: Request) -> str:
    """The sources of the policy `frame-ancestors`: below Jupyter's proxy that Jupyter, else this machine's too."""
    return "'self'" if "x-forwarded-context" in request.headers else f"'self' {_THIS_MACHINE}"
