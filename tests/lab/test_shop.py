"""Pages are fetched as a browser would: cookies, redirects, and the cause out of an error page."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers import lab
from helpers.lab.errors import Interrupted, ShopError
from helpers.lab.shop import ordering
from helpers.lab.shop.pages import Visitor, page_of

UPSTREAM = (
    "<html><head><title>Online Boutique</title></head><body><h1>Uh, oh!</h1><p><strong>HTTP Status:</strong> "
    '500</p><pre class="border" style="margin: 0">failed to get &#34;quote&#34;</pre></body></html>'
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.removeprefix("/secret")
        if path == "/set":
            self.answer(200, "<title>Set</title>hello", {"Set-Cookie": "session=abc; Path=/; HttpOnly"})
        elif path == "/clear":
            self.answer(302, "", {"Location": "./show", "Set-Cookie": "session=; Max-Age=0"})
        elif path == "/show":
            self.answer(200, f"cookies: {self.headers.get('Cookie')}")
        elif path == "/absolute":
            self.answer(302, "", {"Location": "/show"})
        elif path == "/round":
            self.answer(302, "", {"Location": "./round"})
        elif path == "/upstream":
            self.answer(500, UPSTREAM)
        elif path == "/own":
            self.answer(500, '<pre>not this</pre><pre class="x" id="cause">no &lt;quote&gt;</pre>')
        elif path == "/bare":
            self.answer(502, "<h1>Bad   gateway</h1>")
        else:
            self.answer(404, "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(303, "", {"Location": "./show", "Set-Cookie": f"posted={body.replace('=', '-').replace('&', '-')}"})

    def answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret/"
        server.shutdown()
        thread.join()


def test_cookies_are_kept_from_page_to_page(base: str) -> None:
    visitor = Visitor()
    assert visitor.fetch(base, "/set").title == "Set"
    assert visitor.fetch(base, "/show").text == "cookies: session=abc"
    assert Visitor().fetch(base, "/show").text == "cookies: None"


def test_a_cookie_that_the_shop_takes_back_is_gone(base: str) -> None:
    visitor = Visitor({"session": "abc"})
    assert visitor.fetch(base, "/clear").text == "cookies: None"


def test_a_post_is_followed_by_a_get(base: str) -> None:
    found = Visitor().fetch(base, "/cart", {"id": 1, "n": 2})
    assert found.ok and found.text == "cookies: posted=id-1-n-2"


def test_an_absolute_redirect_stays_below_the_secret_path(base: str) -> None:
    assert Visitor().fetch(base, "/absolute").text.startswith("cookies")


def test_redirects_without_end(base: str) -> None:
    with pytest.raises(ShopError, match="without end"):
        Visitor().fetch(base, "/round")


@pytest.mark.parametrize(
    ("path", "status", "cause"),
    [
        ("/own", 500, "no <quote>"),
        ("/upstream", 500, 'failed to get "quote"'),
        ("/bare", 502, "Bad gateway"),
        ("/none", 404, "Not Found"),
    ],
)
def test_the_cause_of_an_error_page(base: str, path: str, status: int, cause: str) -> None:
    found = Visitor().fetch(base, path)
    assert (found.status, found.error, found.ok) == (status, cause, False)
    assert found.as_dict()["error"] == cause and cause in repr(found)


def test_an_error_page_is_escaped_in_html() -> None:
    found = page_of("/<b>", 500, 1.0, "<pre id=cause>x</pre>" + '<pre id="cause">&lt;script&gt;</pre>')
    shown = found._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "&lt;b&gt;" in shown


def test_a_good_page_has_no_error() -> None:
    found = page_of("/", 200, 0.5, "<title>Shop</title><style>x{}</style><p>Nice   things</p>")
    assert (found.error, found.title, found.text) == ("", "Shop", "Nice things")
    assert found.as_dict() == {"path": "/", "status": 200, "seconds": 0.5, "error": None, "title": "Shop"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted("lab.page('/cart'): interrupted.")])
def test_an_order_that_is_interrupted_says_so(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def stopped(*given: object) -> None:
        raise error

    monkeypatch.setattr(ordering, "page", stopped)
    with pytest.raises(Interrupted, match=r"^lab\.order\(\): interrupted"):
        lab.order()


def test_nobody_answers() -> None:
    with pytest.raises(ShopError, match=r"lab\.start\(\)"):
        Visitor().fetch("http://127.0.0.1:1/", "/")
