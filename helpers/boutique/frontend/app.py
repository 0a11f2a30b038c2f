"""The shop's routes. Every link and redirect is relative, so that the shop works below any prefix of any proxy."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from helpers.boutique import logs, money
from helpers.boutique.frontend import origin, render, session
from helpers.boutique.frontend.pages import OFFERED, PageFailure, Storefront, Visitor
from helpers.boutique.frontend.receipt import Receipt
from helpers.boutique.protos import hipstershop_pb2 as pb

Page = Callable[[Request, Visitor], Awaitable[Response]]

_LARGEST_FORM = 16_384
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
_CONTENT = "default-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'"
_CHANGING = {"/logout"}
"""Paths that change something though they are asked for with GET."""


def build(shop: Storefront) -> Starlette:
    """The web application in front of `shop`."""
    pages = _Pages(shop)
    table: list[tuple[str, str, Page]] = [
        ("GET", "/", pages.home),
        ("GET", "/product/{number}", pages.product),
        ("GET", "/cart", pages.cart),
        ("POST", "/cart", pages.add),
        ("POST", "/cart/empty", pages.empty),
        ("POST", "/cart/checkout", pages.checkout),
        ("GET", "/order/{number}", pages.order),
        ("POST", "/setCurrency", pages.set_currency),
        ("GET", "/logout", pages.logout),
    ]
    routes = [Route(path, _answer(page), methods=[method]) for method, path, page in table]
    routes += [Route("/_healthz", _healthy), Route("/static/{path:path}", _static)]
    app = Starlette(exception_handlers={404: _lost, 405: _lost})
    # Starlette's own redirect to a path with a slash is absolute, and would lose the proxy's prefix.
    app.router = Router(routes=routes, redirect_slashes=False)
    return app


class _Pages:
    """One method per route: reads the request, asks the shop, renders."""

    def __init__(self, shop: Storefront) -> None:
        self._shop = shop

    async def home(self, request: Request, who: Visitor) -> Response:
        return _html(request, "home.html", await self._shop.home(who))

    async def product(self, request: Request, who: Visitor) -> Response:
        return _html(request, "product.html", await self._shop.product(who, request.path_params["number"]))

    async def cart(self, request: Request, who: Visitor) -> Response:
        view = await self._shop.cart(who)
        return _html(request, "cart.html", view | {"this_year": datetime.now(UTC).year})

    async def add(self, request: Request, who: Visitor) -> Response:
        form = await _form(request)
        quantity = _whole_number(form.get("quantity", ""), "quantity", 1, 10)
        await self._shop.add(who, form.get("product_id", ""), quantity)
        return _redirect("cart")

    async def empty(self, request: Request, who: Visitor) -> Response:
        await self._shop.empty(who)
        return _redirect("../")

    async def checkout(self, request: Request, who: Visitor) -> Response:
        order = await self._shop.place(_place_order(await _form(request), who))
        return _redirect(f"../{Receipt.of(order).address}")

    async def order(self, request: Request, who: Visitor) -> Response:
        receipt = Receipt.read(request.path_params["number"], request.query_params)
        amounts = {"shipping": money.text(receipt.shipping), "total": money.text(receipt.total)}
        view = await self._shop.ordered(who, receipt.items)
        return _html(request, "order.html", view | amounts | {"order": receipt})

    async def set_currency(self, request: Request, who: Visitor) -> Response:
        form = await _form(request)
        code = form.get("currency_code", "")
        if code not in OFFERED:
            raise PageFailure(f"the shop has no prices in {code!r}; choose one of {', '.join(OFFERED)}", 422)
        response = _redirect(f"./{_known_page(form.get('back', ''))}")
        session.remember(request, response, Visitor(who.session, code))
        return response

    async def logout(self, request: Request, who: Visitor) -> Response:
        response = _redirect("./")
        session.forget(response)
        return response


def _answer(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """`page` with cookies, headers, the error page and one log line."""

    async def respond(request: Request) -> Response:
        start = time.perf_counter()
        who, foreign, cause = session.visitor(request), origin.is_foreign(request), None
        try:
            if foreign and (request.method == "POST" or request.url.path in _CHANGING):
                await _form(request)  # a refusal before all has come would break the proxy's connection off
                raise PageFailure("a page of another site has sent this; open the shop itself and do it there", 403)
            response = await page(request, who)
        except PageFailure as failure:
            cause = str(failure)
            response = error_page(request, failure.status, cause)
        except Exception as fault:
            cause = f"the frontend itself failed: {type(fault).__name__}: {fault}"
            response = error_page(request, 500, cause)
        _protect(request, response)
        if not foreign and "set-cookie" not in response.headers:
            # A form of another site comes without cookies: new ones would take the visitor's cart away.
            session.remember(request, response, who)
        say = logs.error if response.status_code >= 500 else logs.info
        details = {} if cause is None else {"cause": cause}
        milliseconds = (time.perf_counter() - start) * 1000
        say(f"{request.method} {request.url.path}", status=response.status_code, ms=milliseconds, **details)
        return response

    return respond


def _protect(request: Request, response: Response) -> None:
    """Tell the browser what these pages load, and where they may be shown."""
    policy = f"{_CONTENT}; frame-ancestors {origin.ancestors(request)}"
    response.headers.update({**_HEADERS, "Content-Security-Policy": policy})


def error_page(request: Request, status: int, cause: str) -> Response:
    """The page that says what went wrong, with the cause in `<pre id="cause">`."""
    again = request.method == "GET" and status >= 500
    view = {"status": status, "phrase": HTTPStatus(status).phrase, "cause": cause, "again": again}
    return _html(request, "error.html", view, status)


async def _lost(request: Request, error: Exception) -> Response:
    response = error_page(request, getattr(error, "status_code", 404), f"there is no {request.url.path} in this shop")
    _protect(request, response)
    return response


async def _healthy(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _static(request: Request) -> Response:
    found = render.static(request.path_params["path"])
    if found is None:
        return PlainTextResponse("no such file", 404)
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "max-age=86400"})


def _html(request: Request, template: str, view: dict[str, Any], status: int = 200) -> Response:
    path = request.url.path
    # As the browser counts: an escaped slash is none.
    depth = request.scope.get("raw_path", path.encode()).count(b"/") - 1
    back = f"{path}?{request.url.query}" if request.url.query else path
    common = {"root": "../" * depth or "./", "path": back, "pod": os.environ.get("POD_NAME", "")}
    return Response(render.page(template, **common, **view), status, media_type="text/html")


def _redirect(relative: str) -> Response:
    """A redirect that a browser resolves against the address it sees, whatever a proxy made of it."""
    return RedirectResponse(relative, 303)


def _known_page(back: str) -> str:
    """`back` if it is a page of the shop that can be asked for again, else the home page."""
    return back if re.fullmatch(r"cart|product/[A-Z0-9]{1,32}|order/[\w-]{1,64}\?[\w=&,.-]{1,1200}", back) else ""


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise PageFailure("the form is too long", 413)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=32))
    except ValueError:
        raise PageFailure("the form cannot be read", 400) from None


def _whole_number(text: str, field: str, least: int, most: int) -> int:
    digits = text.strip()
    if not re.fullmatch(r"[0-9]{1,9}", digits) or not least <= int(digits) <= most:
        raise PageFailure(f"{field} must be a whole number from {least} to {most}", 422)
    return int(digits)


def _place_order(form: dict[str, str], who: Visitor) -> pb.PlaceOrderRequest:
    """The order that the form asks for. Raises PageFailure (422) with the field that is wrong."""
    for field in ("email", "street_address", "city", "country", "credit_card_number"):
        if not form.get(field, "").strip():
            raise PageFailure(f"{field.replace('_', ' ')} is missing", 422)
    return pb.PlaceOrderRequest(
        user_id=who.session,
        user_currency=who.currency,
        email=form["email"],
        address=pb.Address(
            street_address=form["street_address"],
            city=form["city"],
            state=form.get("state", ""),
            country=form["country"],
            zip_code=_whole_number(form.get("zip_code", ""), "zip code", 0, 999_999_999),
        ),
        credit_card=pb.CreditCardInfo(
            credit_card_number=form["credit_card_number"],
            credit_card_cvv=_whole_number(form.get("credit_card_cvv", ""), "security code", 0, 9999),
            credit_card_expiration_year=_whole_number(form.get("credit_card_expiration_year", ""), "year", 2000, 2100),
            credit_card_expiration_month=_whole_number(form.get("credit_card_expiration_month", ""), "month", 1, 12),
        ),
    )
