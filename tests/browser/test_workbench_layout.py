"""The workbench on ordinary screens: all in view, nothing that moves, the whole window, a kernel that has gone."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect
from support.browser import Notebook, Notebook7, browser_page, choose_theme, screenshot
from support.course import ROOT
from support.jupyter import Server, jupyter
from support.workbench import PATIENCE, Workbench

SHIFTS = """() => {
    window.shifts = [];
    const inside = ({ node }) => node?.parentElement?.closest(".lab-workbench")
        && !node.parentElement.closest(".cm-editor");
    const said = (one) => `${one.node.parentElement.className}: ${one.node.textContent.slice(0, 40)}`;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts.push(...entry.sources.filter(inside).map(said));
    }).observe({ type: "layout-shift" });
}"""
"""Has the browser tell what it counts as a shift, but for the letters in the editor that typing moves."""
FIXED = """
import sys
sys.path[:0] = [{root!r}]
from benchmarks import workbench as figures
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.live import draw
from helpers.display.widgets.review import review
from helpers.display.widgets.workbench import Workbench
Workbench(Bench(figures.Fixed(figures.shop()[:-15])), draw, review)
"""
SIZES = ((1100, 800), (1280, 800), (1920, 1080))


@contextmanager
def alone(place: Path, kind: Callable[[Page, Server, str], Notebook], **look: object) -> Iterator[Workbench]:
    """A workbench over a list of objects, the only cell of its notebook."""
    with jupyter(os.environ, place) as server, browser_page(**look) as page:  # type: ignore[arg-type]
        choose_theme(place, dark=bool(look.get("dark")))
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FIXED.format(root=str(ROOT)))])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        nbformat.write(book, server.folder / "alone.ipynb")
        notebook = kind(page, server, "alone.ipynb")
        notebook.run(notebook.cells.first)
        yield Workbench(notebook.cells.first)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", [Notebook, Notebook7], ids=["lab", "notebook7"])
def test_it_fits_the_screen_and_nothing_moves_while_one_works(kind: type[Notebook], tmp_path: Path) -> None:
    with alone(tmp_path, kind, dark=kind is Notebook7) as bench:
        page = bench.page
        if kind is Notebook:
            page.locator(".jp-SideBar.jp-mod-left [data-id=filebrowser]").click()  # folds the list of files away
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)
            whole_in_view(bench, height)
            screenshot(page, f"workbench-{kind.__name__}-{width}")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.wait_for_timeout(400)
        page.evaluate(SHIFTS)
        places = bench.places()
        work(bench, places)
        assert page.evaluate("window.shifts") == []
        fill_the_window(bench)
        gone_kernel(bench)


def whole_in_view(bench: Workbench, height: int) -> None:
    """Editor left, picture right, both whole on one screen; *Apply* at the right."""
    bench.root.evaluate("one => one.scrollIntoView()")
    whole, editor = bench.root.bounding_box(), bench.root.locator(".cm-editor").bounding_box()
    picture = bench.root.locator(".lab-in-graph").bounding_box()
    apply = bench.root.get_by_role("button", name="Apply", exact=True).bounding_box()
    assert whole and editor and picture and apply
    assert whole["height"] < height - 100
    assert editor["x"] + editor["width"] <= picture["x"] and picture["height"] >= 200 and editor["height"] >= 150
    assert abs(editor["y"] - picture["y"]) < 150
    assert abs(apply["x"] + apply["width"] - whole["x"] - whole["width"]) < 10


def work(bench: Workbench, places: object) -> None:
    """Each kind of step; after each, everything stands where it stood."""
    bench.press("Add")
    expect(bench.root.locator(".lab-sheets li")).to_have_count(3)
    assert bench.places() == places
    bench.replace("50051", "500510")
    expect(bench.root.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
    expect(bench.message).to_contain_text("First mend line")
    expect(bench.root.locator(".lab-graph.lab-faded")).to_be_visible()
    assert bench.places() == places
    bench.press("↶ Undo")
    bench.tab("Matrix")
    bench.root.locator("td button").nth(3).click()
    expect(bench.root.locator(".lab-answer")).to_contain_text("allowed")
    bench.tab("Graph")
    expect(bench.graph).to_be_visible()
    assert bench.places() == places


def fill_the_window(bench: Workbench) -> None:
    """Full window, and back with Escape; the focus stays."""
    before = bench.root.bounding_box()
    full = bench.root.get_by_role("button", name="Full window")
    full.click()
    expect(full).to_have_attribute("aria-pressed", "true")
    box, size = bench.root.bounding_box(), bench.page.viewport_size
    assert box and size and box["width"] > size["width"] - 30 and box["height"] > size["height"] - 30
    assert bench.root.evaluate("one => document.elementFromPoint(20, 20).closest('.lab-room') !== null")
    screenshot(bench.page, "workbench-full-window")
    bench.page.keyboard.press("Escape")
    expect(full).to_have_attribute("aria-pressed", "false")
    after = bench.root.bounding_box()
    assert before and after and (before["width"], before["height"]) == (after["width"], after["height"])


def gone_kernel(bench: Workbench) -> None:
    """After a restart it says what to do, and no longer looks as if it worked."""
    page = bench.page
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    gone = page.locator(".lab-room > .lab-gone-kernel")
    expect(gone).to_contain_text("Run this cell again", timeout=PATIENCE)
    assert float(bench.root.evaluate("one => getComputedStyle(one).opacity")) < 0.6
    screenshot(page, "workbench-gone-kernel")
