"""A page to take away: it opens from a file, loads nothing, runs no script but its own, and can be searched."""

from pathlib import Path

from playwright.sync_api import expect
from support.browser import browser_page

from helpers.display.report.page import Part, page

ROWS = "".join(f"<p data-find>{name} on TCP {port}</p>" for name, port in (("web", 80), ("redis", 6379)))
HOSTILE = '<script>document.title = "taken"</script><img src=x onerror=\'document.title = "taken"\'>'


def test_a_page_runs_only_what_it_was_given_and_loads_nothing(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        page(
            "The <shop>",
            [Part("Who calls whom", HOSTILE), Part("What is open", f"<details><summary>All</summary>{ROWS}</details>")],
            scripts=["document.body.dataset.own = 'ran'"],
        ),
        encoding="utf-8",
    )
    asked: list[str] = []
    with browser_page(dark=True) as shown:
        shown.on("requestfinished", lambda request: asked.append(request.url))
        shown.goto(file.as_uri())
        expect(shown).to_have_title("The <shop>")
        expect(shown.locator("body")).to_have_attribute("data-own", "ran")
        expect(shown.locator("html")).to_have_attribute("data-jp-theme-light", "false")
        shown.get_by_role("button", name="Light or dark").click()
        expect(shown.locator("html")).to_have_attribute("data-jp-theme-light", "true")
        expect(shown.get_by_role("link", name="What is open")).to_have_attribute("href", "#what-is-open")
        shown.get_by_role("searchbox").fill("redis tcp")
        expect(shown.get_by_text("redis on TCP 6379")).to_be_visible()
        expect(shown.get_by_text("web on TCP 80")).to_be_hidden()
        expect(shown.get_by_text("1 of 2 lines")).to_be_visible()
    assert asked == [file.as_uri()]


def test_the_same_parts_make_the_same_page() -> None:
    parts = [Part("One", "<p>1</p>")]
    assert page("Title", parts) == page("Title", parts)
