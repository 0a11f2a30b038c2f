"""What `make lab` opens: the first notebook, and beside it the shop's panel, which waits for the shop."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from support.browser import browser_page, screenshot
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
        page.goto(server.url("lab"))
        expect(page.get_by_role("heading", name="00 · Start here")).to_be_visible(timeout=60_000)
        shop = page.frame_locator(".jp-ServerProxy iframe")
        expect(shop.get_by_role("heading", name="The shop isn't open yet")).to_be_visible(timeout=30_000)
        expect(page.locator(".jp-Dialog, .jp-toast, .Toastify__toast")).to_have_count(0)
        screenshot(page, "first-view-empty")
        own.up()
        expect(shop.get_by_role("link", name="Hipster Shop")).to_be_visible(timeout=30_000)
        screenshot(page, "first-view-shop")
        panel = show_in_a_cell(page, 'display.shop("/cart")').locator(".lab-shop")
        panel.get_by_role("button", name="Beside").click()
        expect(shop.get_by_role("heading", name="Your cart")).to_be_visible(timeout=30_000)
        expect(page.locator(".lab-shop.docked")).to_have_count(0)
        own.down()
        panel.get_by_role("button", name="Reload").click()
        inner = panel.frame_locator("iframe")
        expect(inner.get_by_role("heading", name="The cluster is stopped")).to_be_visible(timeout=30_000)
        screenshot(page, "cluster-stopped")
        own.up()
        expect(inner.get_by_role("heading", name="Your cart")).to_be_visible(timeout=30_000)


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
