"""The graph in a browser, out of a file: nothing covers anything, and it answers without a kernel."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from support.browser import browser_page
from support.course import EGRESS, read, shop
from support.shop_world import app, policies, policy

from helpers.display.drawing.pictures import architecture, graph

FONTS = {
    "DejaVu Sans": ["/usr/share/fonts/truetype/dejavu"],
    "Liberation Sans": [
        "/usr/share/fonts/truetype/liberation",
        "/usr/share/fonts/truetype/liberation2",
        str(Path.home() / ".local/share/fonts/liberation"),
    ],
}

# Every pair that touches and shouldn't, every word out of its room, every letter too small. Lines end at their ends.
TROUBLES = """() => {
  const found = [], svg = document.querySelector("svg[data-width]");
  const box = (one) => one.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")], edge = box(svg);
  const overlap = (a, b, from, to, by) => a[from] < b[to] - by && b[from] < a[to] - by;
  const touch = (a, b, by = 0) => overlap(a, b, "left", "right", by) && overlap(a, b, "top", "bottom", by);
  for (const [at, text] of texts.entries()) {
    const room = box(text), own = text.closest("g"), name = text.textContent;
    const size = Number(text.getAttribute("font-size")) * edge.width / svg.viewBox.baseVal.width;
    if (size < 9.999) found.push(`${name} is ${size} px high`);
    if (room.left < edge.left || room.right > edge.right || room.top < edge.top || room.bottom > edge.bottom)
      found.push(`${name} leaves the picture`);
    if (own.classList.contains("workload")) {
      const outline = box(own.querySelector("rect"));
      if (room.left < outline.left || room.right > outline.right) found.push(`${name} bursts its box`);
      for (const wall of [...own.querySelectorAll("rect")].slice(1))
        if (touch(room, box(wall))) found.push(`${name} runs into a wall`);
    }
    for (const other of texts.slice(at + 1))
      if (touch(room, box(other), 1)) found.push(`${name} lies on ${other.textContent}`);
    for (const workload of svg.querySelectorAll(".workload"))
      if (workload !== own && touch(room, box(workload))) found.push(`${name} lies on ${workload.dataset.key}`);
  }
  const labels = texts.filter((text) => !text.closest(".legend"));
  for (const call of svg.querySelectorAll(".call")) {
    const path = call.querySelector("path:not(.lab-grip)"), length = path.getTotalLength(), to = path.getScreenCTM();
    const points = Array.from({ length: Math.ceil(length) }, (_, at) => path.getPointAtLength(at).matrixTransform(to));
    const within = (p, room) => p.x > room.left && p.x < room.right && p.y > room.top && p.y < room.bottom;
    const meets = (room) => points.some((point) => within(point, room));
    const { key, source, target } = call.dataset;
    for (const text of labels) {
      const group = text.closest("g"), name = `${text.textContent} of ${group.dataset.key}`;
      if (group !== call && meets(box(text))) found.push(`${key} runs through ${name}`);
      else if (group === call && meets({ ...box(text).toJSON(), top: box(text).top + 2, bottom: box(text).bottom - 2 }))
        found.push(`${key} runs through its own ${text.textContent}`);
    }
    for (const workload of svg.querySelectorAll(".workload"))
      if (![source, target].includes(workload.dataset.key) && meets(box(workload.querySelector("rect"))))
        found.push(`${key} runs through ${workload.dataset.key}`);
  }
  return found;
}"""


def course(count: int) -> list[dict[str, Any]]:
    """The shop with so many of the course's policies, those for ingress first."""
    egress = [item for file in sorted(EGRESS.glob("*.yaml")) for item in read(file)]
    return [*shop(), *policies(count), *egress[: max(0, count - len(policies(count)))]]


def generous() -> list[dict[str, Any]]:
    """Policies that allow what nobody needs, from every part of the picture."""
    allowed = {
        "redis-cart": ("cartservice", "adservice", "emailservice", "loadgenerator"),
        "adservice": ("cartservice", "frontend", "paymentservice", "shippingservice"),
    }
    return [
        policy(f"to-{name}", {**app(name), "ingress": [{"from": [app(one) for one in callers]}]})
        for name, callers in allowed.items()
    ]


def show(page: Page, html: str, *, dark: bool = False) -> None:
    """Open an output's HTML as an exported notebook holds it, at the width of a notebook's outputs."""
    theme = "false" if dark else "true"
    page.set_content(
        f'<!doctype html><html lang="en"><title>A notebook</title><body data-jp-theme-light="{theme}" '
        f'style="margin:0;width:880px"><main><h1>A notebook</h1>{html}</main></body></html>'
    )
    page.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(params=FONTS)
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser that knows one family of fonts."""
    folder = next((Path(one) for one in FONTS[request.param] if Path(one).is_dir()), None)
    if folder is None:
        pytest.skip(f"{request.param} is not on this machine")
    with browser_page(fonts=(request.param, folder)) as found:
        yield found


def test_no_label_is_covered_and_no_word_bursts_its_room(page: Page) -> None:
    pictures = {f"{count} policies": graph(objects=course(count)) for count in (0, 1, 2, 17, 30)}
    pictures["needless calls"] = graph(objects=[*course(4), *generous()])
    pictures["the plan"] = architecture(objects=shop())
    found = {}
    for name, picture in pictures.items():
        show(page, picture._repr_html_())
        found[name] = page.evaluate(TROUBLES)
    assert not any(found.values()), found


def middle(arrow: Locator) -> tuple[float, float]:
    """A point on an arrow, in the page."""
    x, y = arrow.locator("path:not(.lab-grip)").evaluate(
        """(path) => {
          const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
          return [at.x, at.y];
        }"""
    )
    return x, y


def test_it_is_alive_without_a_kernel() -> None:
    with browser_page() as page:
        show(page, graph(objects=course(2))._repr_html_())
        arrow = page.locator('.call[data-source^="default/frontend"][data-target^="default/shippingservice"]')
        page.mouse.move(*middle(arrow))
        lit = {one.get_attribute("data-key") for one in page.locator(".lab-lit").all()}
        assert lit == {
            "default/frontend[Deployment]",
            "default/shippingservice[Deployment]",
            "default/frontend[Deployment] → default/shippingservice[Deployment] TCP 50051",
            "policy default/shipping-allow-frontend",
        }
        faint = page.locator('.workload[data-key^="default/adservice"]')
        assert float(faint.evaluate("one => getComputedStyle(one).opacity")) < 0.5
        page.mouse.move(5, 5)
        expect(page.locator(".lab-picking")).to_have_count(0)

        asked = page.evaluate_handle(
            "() => { const told = []; addEventListener('lab-ask', (event) => told.push(event.detail)); return told; }"
        )
        page.mouse.click(*middle(arrow))
        said = page.get_by_role("status")
        expect(said).to_contain_text(
            "frontend → shippingservice TCP 50051: needed and allowed (now allowed, by the last"
        )
        expect(said).to_contain_text("[2] shipping-allow-frontend")
        assert asked.evaluate("told => told[0].target + told[0].port") == "default/shippingservice[Deployment]50051"
        page.locator('.workload[data-key^="default/shippingservice"]').click()
        expect(said).to_contain_text("ingress isolated by")


def test_it_answers_to_the_keyboard_and_tells_what_it_is() -> None:
    with browser_page() as page:
        show(page, graph(objects=course(2))._repr_html_())
        said = page.get_by_role("status")
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        expect(focused).to_have_attribute("role", "button")
        page.locator('.workload[data-key^="default/checkoutservice"]').focus()
        page.keyboard.press("ArrowRight")
        expect(focused).to_have_attribute("data-source", "default/checkoutservice[Deployment]")
        page.keyboard.press("ArrowRight")
        expect(focused).to_have_class(re.compile("workload"))
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(said).to_contain_text("→")
        page.keyboard.press("Escape")
        expect(said).to_contain_text("With the keyboard")
        assert page.get_by_role("button", name="checkoutservice: no policy selects it").count() == 1
        assert not Axe().run(page).response["violations"]


def test_it_is_zoomed_and_saved(tmp_path: Path) -> None:
    with browser_page() as page:
        show(page, graph(objects=course(2))._repr_html_())
        picture, frame = page.locator("svg[data-width]"), page.locator(".lab-frame")
        before = picture.bounding_box()
        for _ in range(4):
            page.get_by_role("button", name="Larger").click()
        grown = picture.bounding_box()
        assert before and grown and grown["width"] > 2 * before["width"]
        box = frame.bounding_box()
        assert box
        page.mouse.move(box["x"] + 600, box["y"] + 300)
        at = frame.evaluate("one => one.scrollLeft")
        page.mouse.down()
        page.mouse.move(box["x"] + 500, box["y"] + 300)
        page.mouse.up()
        assert frame.evaluate("one => one.scrollLeft") == at + 100
        for form, begin in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
            with page.expect_download() as got:
                page.get_by_role("button", name=f"Save the picture as {form}").click()
            got.value.save_as(tmp_path / form)
            assert (tmp_path / form).read_bytes().startswith(begin)


def test_what_belongs_to_an_arrow_lights_up_within_a_frame() -> None:
    with browser_page() as page:
        show(page, graph(objects=course(30))._repr_html_())
        slowest = page.evaluate(LIGHT)
        assert slowest < 16, f"{slowest:.1f} ms from the pointer to the light"


LIGHT = """() => Math.max(...[...document.querySelectorAll(".item")].map((item) => {
  const began = performance.now();
  item.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  document.body.getBoundingClientRect();
  return performance.now() - began;
}))"""
