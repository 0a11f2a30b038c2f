"""The whole shop on UNIX sockets behind a proxy that can drop, refuse and forget."""

import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urljoin

import pytest

from .shop import Page, Shop, Visitor

FORM = {
    "email": "visitor@example.com", "street_address": "12 Harbour Lane", "zip_code": 10405, "city": "Berlin",
    "state": "BE", "country": "Germany", "credit_card_number": "4111 1111 1111 1111",
    "credit_card_expiration_month": 1, "credit_card_expiration_year": 2099, "credit_card_cvv": 987,
}  # fmt: skip
QUOTE = (
    'failed to get shipping quote: rpc error: code = Unavailable desc = connection error: desc = "transport: '
    'Error while dialing: {}"'
)


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with Shop(environ={"RPC_DEADLINE": "0.6"}) as shop:
        yield shop


@pytest.fixture
def shop(running: Shop) -> Iterator[Shop]:
    running.proxy.rules.clear()
    yield running
    running.proxy.rules.clear()


def with_a_mug(shop: Shop) -> Visitor:
    visitor = shop.visitor()
    assert visitor.post("/cart", product_id="6E92ZMYYFZ", quantity=2).status == 200
    return visitor


def test_buying_something(shop: Shop) -> None:
    visitor = shop.visitor()
    home = visitor.get("/")
    assert home.status == 200
    assert home.text.count('class="card"') == 9
    assert "$8.99" in home.text
    product = visitor.get("/product/6E92ZMYYFZ")
    assert "<h1>Mug</h1>" in product.text
    assert 'alt="Drawing: Mug"' in product.text
    assert "You may also like" in product.text
    cart = visitor.post("/cart", product_id="6E92ZMYYFZ", quantity=2)
    assert (cart.status, cart.path) == (200, "/cart")
    assert "Quantity 2" in cart.text
    assert re.search(r'id="total">\$23\.97<', cart.text)
    order = visitor.post("/cart/checkout", **FORM)
    assert order.status == 200
    assert "Your order is complete" in order.text
    assert re.search(r'id="total">\$23\.97<', order.text)
    number = re.search(r'id="order"><code>([^<]+)', order.text)[1]
    assert "Nothing in it yet" in visitor.get("/cart").text
    mail = shop.log("emailservice")
    assert f"order={number}" in mail
    assert re.search(r"2 x +Mug +\$17\.98", mail)


def test_an_order_has_a_page_of_its_own(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    placed = visitor.once("POST", "/cart/checkout", urlencode(FORM))
    address = urljoin("/cart/checkout", placed.headers["location"])
    assert placed.status == 303 and placed.headers["location"].startswith("../order/")
    assert not any(str(value) in address for value in ("visitor", "Harbour", "4111"))
    shop.restart("frontend")
    for anybody in (visitor, visitor, shop.visitor()):
        again = anybody.get(address)
        assert again.status == 200 and "Your order is complete" in again.text
        assert re.search(r'id="total">\$23\.97<', again.text)
    back = visitor.post("/setCurrency", currency_code="JPY", back=address.lstrip("/"))
    assert back.path == address and "$23.97" in back.text
    assert shop.log("emailservice").count(f"order={address[7:43]}") == 1


@pytest.mark.parametrize(
    "wrong",
    ["currency=XXX", "total=-1", "total=<b>", "shipping=1e9", "items=%3Cb%3E", "tracking=", f"items={'A,' * 40}"],
)
def test_an_order_page_shows_no_more_than_an_order(shop: Shop, wrong: str) -> None:
    whole = {"currency": "USD", "shipping": "8.99", "total": "23.97", "tracking": "AB-1-2", "items": "6E92ZMYYFZ"}
    assert shop.visitor().get(f"/order/x-1?{urlencode(whole)}").status == 200
    page = shop.visitor().get(f"/order/x-1?{urlencode(whole)}&{wrong}")
    assert page.status == 404 and "not the whole address" in page.cause
    assert shop.visitor().get("/order/x-1").status == 404


def test_what_isnt_there_offers_the_products(shop: Shop) -> None:
    for path in ("/no/such/page", "/product/NOPE", "/order/x"):
        page = shop.visitor().get(path).text
        assert "Try again" not in page and re.search(r'class="button" href="[./]+">See all products<', page)


def test_the_logs_hold_no_card_and_no_cookie(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    assert visitor.post("/cart/checkout", **FORM).status == 200
    logs = "".join(shop.log(name) for name in shop.containers if name != "redis-cart")
    assert "POST /cart/checkout status=303" in logs
    assert "Charge code=OK" in logs
    for secret in ("4111 1111", "41111111", visitor.cookies["shop_session-id"]):
        assert secret not in logs


def test_prices_in_another_currency_and_a_fresh_start(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    back = visitor.post("/setCurrency", currency_code="EUR", back="cart")
    assert back.path == "/cart"
    assert "€15.46" in back.text
    assert visitor.post("/setCurrency", currency_code="XXX").status == 422
    assert visitor.post("/setCurrency", currency_code="EUR", back="//elsewhere.example").path == "/"
    assert visitor.post("/cart/empty").path == "/"
    assert "Nothing in it yet" in visitor.get("/cart").text
    before = visitor.cookies["shop_session-id"]
    assert visitor.get("/logout").path == "/"
    assert visitor.cookies["shop_session-id"] != before
    assert "$8.99" in visitor.get("/").text


def test_links_and_redirects_are_relative(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    for path in ("/", "/cart", "/product/6E92ZMYYFZ", "/product/NOPE", "/no/such/page", "/product/a%2Fb"):
        page = visitor.get(path)
        up = "../" * (path.count("/") - 1) or "./"
        links = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
        assert links
        for link in links:
            assert link in ("", "#main") or link.startswith(up), f"{link} on {path}"
    order = visitor.post("/cart/checkout", **FORM)
    assert order.path.startswith("/order/") and 'href="../cart"' in order.text


def test_pages_are_never_cached_and_say_which_pod_made_them(shop: Shop) -> None:
    page = shop.visitor().get("/")
    assert page.headers["cache-control"] == "no-store"
    assert "frontend-abc" in page.text
    cookies = shop.visitor().once("GET", "/").headers["set-cookie"]
    assert "HttpOnly" in cookies
    assert "Path=/;" in cookies
    assert "SameSite=lax" in cookies


OWN = {"Host": "localhost:8888"}
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8888"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "null"},
    {"Origin": "http://localhost:8888.evil.example"},
    {"Sec-Fetch-Site": "odd"},
    {"Origin": ""},
]
FAMILIAR = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost:8888"},
    {"Origin": "https://hub.example", "X-Forwarded-Host": "hub.example"},
]


@pytest.mark.parametrize("path", ["/cart", "/cart/empty", "/cart/checkout", "/setCurrency", "/logout"])
def test_forms_of_other_sites_change_nothing(shop: Shop, path: str) -> None:
    visitor = with_a_mug(shop)
    method = "GET" if path == "/logout" else "POST"
    form = "" if method == "GET" else "product_id=6E92ZMYYFZ&quantity=1&currency_code=JPY&back="
    for headers in FOREIGN:
        if method == "GET" and "Sec-Fetch-Site" not in headers:
            continue  # a browser that says so little sends no Origin either
        page = visitor.once(method, path, form, OWN | headers)
        assert page.status == 403 and "another site" in page.text, headers
        assert "set-cookie" not in page.headers
        assert "set-cookie" not in shop.visitor().once(method, path, form, OWN | headers).headers
    assert "Mug" in visitor.get("/cart").text
    for headers in FAMILIAR:
        assert visitor.once(method, path, form, OWN | headers).status != 403, headers


def test_pages_are_shown_inside_a_jupyter_only(shop: Shop) -> None:
    for path in ("/", "/cart", "/no/such/page"):
        behind = shop.visitor().once("GET", path, "", {"X-Forwarded-Context": "/shop"})
        assert behind.headers["content-security-policy"].endswith("; frame-ancestors 'self'")
        direct = shop.visitor().once("GET", path).headers["content-security-policy"]
        assert direct.endswith("frame-ancestors 'self' http://localhost:* http://127.0.0.1:*")
        assert "form-action 'self'" in direct
        assert shop.visitor().once("GET", path, "", {"Sec-Fetch-Site": "cross-site"}).status != 403, "links lead here"


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"email": ""}, 422, "email is missing"),
        ({"zip_code": "abc"}, 422, "zip code must be a whole number"),
        ({"credit_card_expiration_month": 13}, 422, "month must be a whole number from 1 to 12"),
        ({"credit_card_number": "1234"}, 500, "the credit card number is not valid"),
        ({"credit_card_expiration_year": 2001}, 500, "expired in 1/2001"),
    ],
)
def test_wrong_forms(shop: Shop, wrong: dict[str, object], status: int, said: str) -> None:
    page = with_a_mug(shop).post("/cart/checkout", **(FORM | wrong))
    assert page.status == status
    assert said in page.cause


def test_wrong_paths(shop: Shop) -> None:
    visitor = shop.visitor()
    assert visitor.get("/product/NOPE").status == 404
    assert "no product with ID NOPE" in visitor.get("/product/NOPE").cause
    assert visitor.get("/cart/").status == 404
    assert visitor.get("/cart/checkout").status == 405
    assert visitor.get("/static/../app.py").status == 404
    assert visitor.post("/cart", product_id="6E92ZMYYFZ", quantity=1000).status == 422
    assert visitor.get("/_healthz").text == "ok"
    assert visitor.get("/product/%0A%1B[31m%3Cb%3E").status == 404
    assert "\x1b" not in shop.log("frontend")
    assert "<b>" not in visitor.get("/product/%3Cb%3E").text


def test_an_established_connection_outlives_a_drop(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.rules["frontend", "shippingservice"] = "drop"
    assert visitor.get("/cart").status == 200
    shop.restart("frontend")
    page = visitor.get("/cart")
    assert page.status == 500
    assert page.cause == QUOTE.format("dial tcp shippingservice:50051: i/o timeout")
    shop.proxy.rules.clear()
    mended = visitor.get("/cart")
    assert mended.status == 200
    assert mended.seconds < 0.5


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("refuse", "dial tcp shippingservice:50051: connect: connection refused"),
        ("no such host", "dial tcp: lookup shippingservice: no such host"),
        ("no dns", "dial tcp: lookup shippingservice: i/o timeout"),
        ("drop", "dial tcp shippingservice:50051: i/o timeout"),
    ],
)
def test_each_page_tells_the_cause_of_a_fresh_attempt(shop: Shop, rule: str, said: str) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.drop("frontend", "shippingservice", rule)
    for _ in range(2):
        assert visitor.get("/cart").cause == QUOTE.format(said)
    shop.proxy.rules["frontend", "shippingservice"] = "no such host"
    assert visitor.get("/cart").cause == QUOTE.format("dial tcp: lookup shippingservice: no such host")
    shop.proxy.rules.clear()
    assert visitor.get("/cart").status == 200


def test_nobody_waits_for_what_somebody_elses_attempt_is_stuck_in(shop: Shop) -> None:
    first, second = with_a_mug(shop), with_a_mug(shop)
    shop.proxy.drop("frontend", "shippingservice", "stuck")
    pages: list[Page] = []
    stuck = threading.Thread(target=lambda: pages.append(first.get("/cart")))
    stuck.start()
    time.sleep(0.4)
    shop.proxy.rules.clear()
    page = second.get("/cart")
    stuck.join()
    assert page.status == 200 and page.seconds < 0.4
    assert pages[0].cause == QUOTE.format("dial tcp shippingservice:50051: i/o timeout")
    assert first.get("/cart").status == 200


def test_checkout_tells_its_own_services_cause(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.drop("checkoutservice", "shippingservice")
    page = visitor.post("/cart/checkout", **FORM)
    assert page.status == 500
    assert page.cause.startswith("failed to complete the order: rpc error: code = Internal desc = ")
    assert "shipping quote failure: failed to get shipping quote" in page.cause
    assert "dial tcp shippingservice:50051: i/o timeout" in page.cause
    shop.proxy.rules.clear()
    assert visitor.post("/cart/checkout", **FORM).status == 200


def test_a_lost_mail_is_only_a_warning_in_the_log(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.drop("checkoutservice", "emailservice")
    assert visitor.post("/cart/checkout", **FORM).status == 200
    assert "WARN  failed to send order confirmation" in shop.log("checkoutservice")
    assert "dial tcp emailservice:5000: i/o timeout" in shop.log("checkoutservice")


def test_ads_and_recommendations_vanish_silently(shop: Shop) -> None:
    shop.proxy.drop("frontend", "adservice")
    shop.proxy.drop("frontend", "recommendationservice")
    page = shop.visitor().get("/product/6E92ZMYYFZ")
    assert page.status == 200
    assert "You may also like" not in page.text
    assert "Advertisement" not in page.text
    assert "no ads on this page" in shop.log("frontend")
    shop.proxy.rules.clear()
    page = shop.visitor().get("/product/6E92ZMYYFZ")
    assert "You may also like" in page.text
    assert "Advertisement" in page.text


@pytest.mark.parametrize(
    ("target", "path", "said"),
    [
        ("currencyservice", "/", "failed to "),
        ("productcatalogservice", "/", "failed to get the products"),
        ("cartservice", "/", "failed to get the cart"),
        ("productcatalogservice", "/product/6E92ZMYYFZ", "failed to get product 6E92ZMYYFZ"),
    ],
)
def test_critical_services(shop: Shop, target: str, path: str, said: str) -> None:
    shop.proxy.drop("frontend", target, "refuse")
    page = shop.visitor().get(path)
    assert page.status == 500
    assert said in page.cause
    assert f"dial tcp {target}:" in page.cause


def test_carts_survive_nothing_but_recover(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.drop("cartservice", "redis-cart")
    page = visitor.get("/cart")
    assert page.status == 500
    assert "code = FailedPrecondition desc = can't reach the cart storage" in page.cause
    assert "dial tcp redis-cart:6379: i/o timeout" in page.cause
    shop.proxy.rules.clear()
    assert "Quantity 2" in visitor.get("/cart").text
    shop.restart("redis-cart")
    assert "Nothing in it yet" in visitor.get("/cart").text


def test_restarted_services_are_found_again(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    for name in ("shippingservice", "cartservice", "currencyservice"):
        assert shop.restart(name) < 0.5
    assert visitor.get("/cart").status == 200


def test_the_frontend_ends_quickly_in_the_middle_of_a_page(shop: Shop) -> None:
    visitor = with_a_mug(shop)
    shop.proxy.drop("frontend", "shippingservice")
    ends: list[object] = []

    def look() -> None:
        try:
            ends.append(visitor.get("/cart").status)
        except OSError as error:
            ends.append(error)

    waiting = threading.Thread(target=look)
    waiting.start()
    time.sleep(0.1)
    seconds = shop.restart("frontend")
    waiting.join()
    assert seconds < 0.6
    assert len(ends) == 1


def test_as_in_the_manifest_with_visitors_and_a_deadline_of_three_seconds() -> None:
    with Shop(skip=()) as shop:
        visitor = with_a_mug(shop)
        shop.proxy.drop("frontend", "shippingservice")
        page = visitor.get("/cart")
        assert page.status == 500
        assert 2.9 < page.seconds < 4
        shop.proxy.rules.clear()
        mended = visitor.get("/cart")
        assert mended.status == 200
        assert mended.seconds < 0.5
        assert re.search(r"home visitor=\d+ status=200", shop.log("loadgenerator"))
        assert ("loadgenerator", "frontend:80") in shop.proxy.seen
