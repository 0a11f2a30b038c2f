"""The main lesson in a real JupyterLab: the shop's panel goes from a page to the error page, and back."""

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect
from support.browser import Notebook, Notebook7, browser_page, screenshot
from support.cluster import cluster
from support.course import INGRESS, NOTEBOOKS
from support.jupyter import jupyter
from support.notebooks import code, solved

pytestmark = pytest.mark.timeout(300)
PATIENCE = 30_000  # ms for a page of the shop to arrive
# What the shop's panel shows after which cell.
STANDS = {
    "shop": ("OK 200", "Your cart"),
    "create": ("OK 200", "Your cart"),
    "restart": ("ERROR 500", "failed to get shipping quote"),
}


def reload(panel: Locator) -> None:
    panel.get_by_role("button", name="Reload").click()


def shows(panel: Locator, status: str, words: str) -> None:
    """The panel's bar says OK or ERROR, and the page in it has these words."""
    expect(panel.locator(".status")).to_contain_text(status, timeout=PATIENCE)
    expect(panel.frame_locator("iframe").locator("body")).to_contain_text(words, timeout=PATIENCE)


@pytest.mark.parametrize("kind", [Notebook, pytest.param(Notebook7, marks=pytest.mark.long)], ids=["lab", "notebook7"])
def test_the_whole_of_notebook_03(kind: type[Notebook], tmp_path: Path) -> None:
    path = NOTEBOOKS / "03-the-first-policy.ipynb"
    answers = solved(path)
    with (
        cluster("--empty", prefix="br-") as own,
        jupyter(own.environment, tmp_path, base_url="/user/ada/") as server,
        browser_page() as page,
    ):
        notebook = kind(page, server, path.name)
        panel = notebook.panel.locator(".lab-shop").first
        for number, name in enumerate(code(nbformat.read(path, as_version=4).cells)):
            cell = notebook.panel.locator(".jp-CodeCell").nth(number)
            if name in answers:
                write(cell, answers[name])
            notebook.run(cell)
            if name in STANDS:
                reload(panel)
                shows(panel, *STANDS[name])
                screenshot(page, f"03-{name}")
        expect(notebook.cell('lab.check("03-payment")').locator(".jp-OutputArea")).to_contain_text("Done.")
        own.kubectl("create", "-f", str(INGRESS / "02-shipping-allow-frontend.yaml"))
        reload(panel)
        shows(panel, "OK 200", "Your cart")


def write(cell: Locator, text: str) -> None:
    """Put a text in the place of what a cell has."""
    cell.locator(".jp-InputArea-editor").click()
    cell.page.keyboard.press("Control+a")
    cell.page.keyboard.insert_text(text)
