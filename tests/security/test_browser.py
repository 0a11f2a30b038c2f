"""What a page of somebody else's can do in the learner's browser through Jupyter, whose cookies the browser sends."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.cluster import Cluster
from support.jupyter import TOKEN, jupyter

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FOREIGN = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:9", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1:9"},
    {"Origin": "null"},
]


@dataclass
class Browser:
    """Somebody who is logged in to Jupyter; the cookies go with every request, whoever has made the browser send it."""

    host: str
    port: int
    cookies: dict[str, str]

    def send(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection.request(method, path, body, {**headers, **cookie, **(FORM if method == "POST" else {})})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return answer.status, dict(answer.getheaders()), text


@pytest.fixture(scope="module")
def browser(lab: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with jupyter(lab.environment, tmp_path_factory.mktemp("jupyter")) as server:
        address = urlsplit(server.base)
        made = Browser(address.hostname or "", address.port or 0, {})
        made.send("GET", f"/lab?token={TOKEN}")
        yield made


def test_jupyters_own_cookie_stays_on_its_site(browser: Browser) -> None:
    connection = http.client.HTTPConnection(browser.host, browser.port, timeout=30)
    connection.request("GET", f"/lab?token={TOKEN}")
    cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
    connection.close()
    login = next(line.lower() for line in cookies if line.startswith("username-"))
    assert "samesite=lax" in login and "httponly" in login


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
def test_the_shop_takes_no_form_of_another_site(browser: Browser, foreign: dict[str, Any]) -> None:
    own = {"Origin": f"http://{browser.host}:{browser.port}", "Sec-Fetch-Site": "same-origin"}
    assert browser.send("GET", "/shop/")[0] == 200
    assert browser.send("POST", "/shop/cart/empty", **own)[0] == 303
    mug = "product_id=6E92ZMYYFZ&quantity=1"
    before = dict(browser.cookies)
    for path, form in (("cart", mug), ("setCurrency", "currency_code=JPY&back="), ("cart/checkout", "email=a")):
        assert browser.send("POST", f"/shop/{path}", form, **foreign)[0] == 403
    assert browser.cookies == before and "Nothing in it yet" in browser.send("GET", "/shop/cart")[2]
    assert browser.send("POST", "/shop/cart", mug, **own)[0] == 303
    assert "Nothing in it yet" not in browser.send("GET", "/shop/cart")[2]


def test_the_shop_is_shown_inside_this_jupyter_alone(browser: Browser) -> None:
    _, headers, _ = browser.send("GET", "/shop/")
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
def test_jupyter_takes_nothing_of_another_site(browser: Browser, foreign: dict[str, Any]) -> None:
    for method, path in (
        ("POST", "/api/kernels"),
        ("POST", "/api/terminals"),
        ("PUT", "/api/contents/planted.txt"),
        ("DELETE", "/api/contents/00-start-here.ipynb"),
    ):
        assert browser.send(method, path, "{}", **foreign)[0] in (403, 404)


def test_nobody_reads_across_sites(browser: Browser) -> None:
    """No page of another site is told what it got, and none may connect by WebSocket."""
    for path in ("/shop/", "/api/contents", "/api/kernels"):
        _, headers, _ = browser.send("GET", path, Origin="https://evil.example")
        assert "Access-Control-Allow-Origin" not in headers
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": "https://evil.example",
    }
    for path in ("/api/events/subscribe", "/terminals/websocket/1", "/shop/"):
        assert browser.send("GET", path, **upgrade)[0] in (403, 404)
