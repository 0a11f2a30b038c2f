"""The two cookies of a visitor: who they are, and in which currency they look at prices."""

from __future__ import annotations

import re
import uuid

from starlette.requests import Request
from starlette.responses import Response

from helpers.boutique.frontend.pages import OFFERED, Visitor

_SESSION, _CURRENCY = "shop_session-id", "shop_currency"
_TWO_DAYS = 48 * 3600


def visitor(request: Request) -> Visitor:
    """Who asks; a visitor without a usable cookie is a new one."""
    session = request.cookies.get(_SESSION, "")
    currency = request.cookies.get(_CURRENCY, "")
    return Visitor(
        session=session if re.fullmatch(r"[A-Za-z0-9-]{8,64}", session) else str(uuid.uuid4()),
        currency=currency if currency in OFFERED else OFFERED[0],
    )


def remember(request: Request, response: Response, who: Visitor) -> None:
    """Set the cookies that the visitor doesn't have yet."""
    for name, value in ((_SESSION, who.session), (_CURRENCY, who.currency)):
        if request.cookies.get(name) != value:
            # The shop doesn't know under which prefix a proxy serves it: "/" holds for all of them.
            response.set_cookie(name, value, max_age=_TWO_DAYS, path="/", httponly=True, samesite="lax")


def forget(response: Response) -> None:
    """Remove the cookies: the next page is a new visitor's."""
    for name in (_SESSION, _CURRENCY):
        response.delete_cookie(name, path="/", httponly=True, samesite="lax")
