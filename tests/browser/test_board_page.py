"""The workshop's board on a projector and on a phone, while a class works."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from support.browser import browser_page, screenshot
from support.workshop import Attendee, Board, board, free_port

from helpers.lab.course.report import Hand


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board with a class of thirty: most at one task, two hands up, names of all lengths."""
    options = ("--listen", "127.0.0.1", "--port", str(free_port()), "--plain")
    with board(tmp_path_factory.mktemp("teacher") / "lab", *options) as found:
        for person in a_class():
            person.tell(found.where)
        yield found


def a_class() -> Iterator[Attendee]:
    names = ("Ada", "Bo", "Maximiliane Charlotte von Hohenstein", "Ραλλού", "陈", "<b>bold</b>")
    for at in range(30):
        person = Attendee(names[at] if at < len(names) else f"seat {at:02}")
        for task in ("00-sandbox", "01-order", "02-arrow")[: at % 4]:
            person.tries(task, "no-label").tries(task, done=True)
        if at % 3 == 0:
            for _ in range(1 + at % 5):
                person.tries("03-payment", "service-port" if at % 2 else "protocol")
        if at in (4, 9):
            person.hand = Hand(
                "The cart page is gone, and I don't see which policy it was" if at == 9 else "", 1000.0 + at
            )
        yield person


def clean(page: Page) -> list[str]:
    """What axe has to say."""
    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {item['help']} {item['nodes'][0]['target']}" for item in found]


@pytest.mark.parametrize(
    ("name", "width", "height", "dark"),
    [("projector", 1920, 1080, False), ("projector-dark", 1920, 1080, True), ("screen", 1280, 800, False),
     ("phone", 390, 844, False), ("phone-dark", 390, 844, True)],
)  # fmt: skip
def test_the_board_can_be_read(shared: Board, name: str, width: int, height: int, dark: bool) -> None:
    with browser_page(width=width, height=height, dark=dark) as page:
        page.goto(shared.page)
        expect(page.locator("#rows tr")).to_have_count(30)
        screenshot(page, f"board-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator("#summary")).to_have_text("30 seats · 2 hands up")
        expect(page.locator("#headlines li").first).to_contain_text("are at 03-payment")
        expect(page.locator("#rows tr").first).to_contain_text("陈hand up")
        expect(page.get_by_text("<b>bold</b>")).to_have_count(1)
        assert not clean(page)
        if width > 1000:  # readable from the last row: nothing small, and without scrolling sideways
            assert page.locator("#frame").evaluate("it => it.scrollWidth <= it.clientWidth")
            assert min(page.locator("#frame td, .name, #headlines li").evaluate_all(
                "all => all.map(it => parseFloat(getComputedStyle(it).fontSize))")) >= 15  # fmt: skip


def test_it_follows_the_class_and_hides_names_by_a_key(shared: Board) -> None:
    with browser_page(width=1920, height=1080) as page:
        page.goto(shared.page)
        expect(page.locator("#rows tr")).to_have_count(30)
        late = Attendee("Latecomer").tries("00-sandbox", "no-label")
        late.hand = Hand("hello", 1.0)
        late.tell(shared.where)
        expect(page.locator("#rows tr").first).to_contain_text("Latecomer", timeout=5000)
        page.keyboard.press("n")
        expect(page.locator("#rows tr").first).to_contain_text("Seat 31")
        expect(page.get_by_text("Latecomer")).to_have_count(0)
        page.reload()
        expect(page.locator("#rows tr").first).to_contain_text("Seat 31")
        page.get_by_role("button", name="Hide names").click()
        expect(page.locator("#rows tr").first).to_contain_text("Latecomer")


def test_the_page_says_when_the_board_is_gone_and_goes_on_after_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    home, port = tmp_path_factory.mktemp("teacher") / "lab", str(free_port())
    with browser_page() as page:
        with board(home, "--port", port) as found:
            page.goto(found.page)
            expect(page.locator("#summary")).to_have_text("Waiting for the first seat")
        expect(page.locator("#connection")).to_contain_text("doesn't answer")
        with board(home, "--port", port) as found:
            Attendee("Ada").tell(str(home / "board"))
            expect(page.locator("#rows tr")).to_contain_text(["Ada"], timeout=15_000)
            expect(page.locator("#connection")).to_have_text("")
