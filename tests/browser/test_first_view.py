"""What `make lab` opens: the first notebook, and beside it the shop's panel, which waits for the shop."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect
from support.browser import browser_page, screenshot, switch_to_dark
from support.cluster import cluster
from support.jupyter import jupyter

from helpers.jupyter import workspace

pytestmark = pytest.mark.timeout(300)


def write_layout(folder: Path, base_url: str) -> Path:
    workspace.write(folder, "00-start-here.ipynb", base_url)
    return folder / workspace.FILE


def test_the_first_view_has_the_notebook_and_the_shop(tmp_path: Path) -> None:
    write_layout(tmp_path / "workspaces", "/user/ada/")
    with (
        cluster("--empty", prefix="br-") as own,
        jupyter(own.environment, tmp_path, base_url="/user/ada/") as server,
        browser_page(width=1366, height=768) as page,
    ):
        noise: list[str] = []
        page.on("console", lambda said: noise.append(said.text) if said.type == "error" else None)
        page.goto(server.url("lab"))
        expect(page.get_by_role("heading", name="00 · Start here")).to_be_visible(timeout=60_000)
        panel = page.frame_locator(".jp-ServerProxy iframe").locator(".lab-shop")
        shop = panel.frame_locator("iframe")
        expect(shop.get_by_role("heading", name="The shop isn't open yet")).to_be_visible(timeout=30_000)
        expect(panel.locator(".status")).to_have_text("not open yet")
        expect(page.locator(".jp-Dialog, .jp-toast, .Toastify__toast")).to_have_count(0)
        shop.locator("body").evaluate("body => body.dataset.kept = 'yes'")
        before = list(noise)
        page.wait_for_timeout(5000)
        expect(shop.locator("body"), "the frame isn't loaded again and again").to_have_attribute("data-kept", "yes")
        assert noise == before and not [text for text in noise if "503" in text], noise
        screenshot(page, "first-view-empty")
        own.up()
        expect(shop.get_by_role("link", name="Hipster Shop")).to_be_visible(timeout=30_000)
        expect(panel.locator(".status")).to_contain_text("OK 200")
        screenshot(page, "first-view-shop")

        notebook = page.locator(".jp-NotebookPanel")
        show_in_a_cell(page, 'display.shop("/cart")')
        said = notebook.locator(".lab-shop")
        expect(shop.get_by_role("heading", name="Your cart")).to_be_visible(timeout=30_000)
        expect(said.locator(".status")).to_have_text(re.compile(r"OK 200 · .* s, beside the notebook"))
        expect(panel.locator(".path")).to_have_text("/cart")
        expect(page.locator("iframe[title='Hipster Shop']:visible")).to_have_count(0)
        order(shop)
        expect(panel.locator(".path")).to_have_text(re.compile("^/order/[a-z0-9-]+$"))
        for _ in range(2):
            panel.get_by_role("button", name="Reload").click()
            expect(panel.locator(".status")).to_contain_text("OK 200")
            expect(shop.get_by_role("heading", name="Your order is complete!")).to_be_visible()
        with page.context.expect_page() as tab:
            panel.get_by_role("link", name="In a tab").click()
        expect(tab.value.get_by_role("heading", name="Your order is complete!")).to_be_visible(timeout=30_000)
        tab.value.close()
        screenshot(page, "first-view-order")
        switch_to_dark(page)
        page.wait_for_timeout(300)
        screenshot(page, "first-view-dark")

        own.down()
        panel.get_by_role("button", name="Reload").click()
        expect(shop.get_by_role("heading", name="The cluster is stopped")).to_be_visible(timeout=30_000)
        screenshot(page, "cluster-stopped")
        own.up()
        expect(shop.get_by_role("heading", name="Your order is complete!")).to_be_visible(timeout=30_000)


def order(shop: FrameLocator) -> None:
    """Buy a mug in a frame that shows a page of the shop."""
    shop.get_by_role("link", name="Hipster Shop").first.click()
    shop.get_by_role("link", name="Mug").first.click()
    shop.get_by_role("button", name="Add to cart").click()
    shop.get_by_role("button", name="Place order").click()
    expect(shop.get_by_role("heading", name="Your order is complete!")).to_be_visible(timeout=30_000)


def show_in_a_cell(page: Page, text: str) -> Locator:
    """Run the open notebook's first cell, then one of one's own below it; returns the notebook."""
    notebook = page.locator(".jp-NotebookPanel")
    notebook.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    page.keyboard.press("Control+Enter")
    expect(notebook).to_contain_text("Using the local cluster", timeout=30_000)
    for key in ("Escape", "b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    return notebook


def test_a_layout_of_the_learners_own_is_kept(tmp_path: Path) -> None:
    file = write_layout(tmp_path, "/")
    assert json.loads(file.read_text())["metadata"]["id"] == "default"
    file.write_text("{}")
    write_layout(tmp_path, "/")
    assert file.read_text() == "{}"
