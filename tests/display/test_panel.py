"""The shop's panel: where it gets its page from, and that nothing in it is unescaped."""

import pytest

from helpers.display import panel, still
from helpers.lab.cluster import session
from helpers.lab.shop import proxy
from helpers.lab.shop.pages import Page, page_of


class Local:
    local = entered = True


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "current", Local)
    monkeypatch.setattr(panel, "page", fetched)


def fetched(path: str) -> Page:
    return page_of(path, 500, 3.0, '<title>t</title><pre id="cause">why</pre><script>x</script>')


def test_through_jupyter_whatever_its_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "jupyter_url", lambda: "/user/ada/")
    shown = panel.shop("cart")
    html = shown._repr_html_()
    assert '"address": "/user/ada/shop/", "path": "/cart"' in html and 'data-status="LOADING"' in html
    assert 'href="/user/ada/shop/cart" target="_blank"' in html and "port-forward" not in html
    assert "/cart" in repr(shown)


def test_every_panel_is_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "jupyter_url", lambda: "/")
    first = panel.shop()
    assert first._repr_html_() != first._repr_html_()


def test_a_path_is_only_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "jupyter_url", lambda: "/")
    html = panel.shop('/"><script>alert(1)</script>')._repr_html_()
    assert "<script>alert" not in html and html.count("<script>") == 1 == html.count("</script>")


def test_without_jupyter_the_page_is_shown_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "jupyter_url", lambda: None)
    monkeypatch.setattr(still, "base_url", lambda: "http://127.0.0.1:1/")
    shown = panel.shop("/cart")
    html = shown._repr_html_()
    assert 'data-status="ERROR"' in html and "500 · 3.00 s" in html and "srcdoc=" in html and "<script" not in html
    assert "why" in repr(shown)


def test_a_still_page_takes_its_pictures_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "base_url", lambda: "http://127.0.0.1:1/x/")
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return b"body{}" if url.endswith(".css") else b"PNG"

    monkeypatch.setattr(still, "_fetch", fetch)
    page = page_of(
        "/product/1",
        200,
        0.1,
        '<link rel="stylesheet" href="../static/a.css"><img alt="" src="../i/b.png"><img src="c"><script>x</script>',
    )
    text = still.standalone(page)
    assert asked == ["http://127.0.0.1:1/x/static/a.css", "http://127.0.0.1:1/x/i/b.png"]
    assert text == '<style>body{}</style><img alt="" src="data:image/png;base64,UE5H"><img src="c">'


def test_nothing_is_fetched_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "base_url", lambda: "http://127.0.0.1:1/")
    assert still._fetch("https://example.com/x.css") == b"" == still._fetch("http://127.0.0.1:1/x.css")
