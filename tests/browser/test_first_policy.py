"""The main lesson in a real JupyterLab: the shop's panel goes from a page to the error page, and back."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from support.browser import Notebook, browser_page, screenshot
from support.cluster import cluster
from support.course import INGRESS
from support.jupyter import jupyter

pytestmark = pytest.mark.timeout(300)
PATIENCE = 30_000  # ms for a page of the shop to arrive


def reload(panel: Locator) -> None:
    panel.get_by_role("button", name="Reload").click()


def shows(panel: Locator, status: str, words: str) -> None:
    """The panel's bar says OK or ERROR, and the page in it has these words."""
    expect(panel.locator(".status")).to_contain_text(status, timeout=PATIENCE)
    expect(panel.frame_locator("iframe").locator("body")).to_contain_text(words, timeout=PATIENCE)


def test_notebook_03_from_ok_to_the_error_page_and_back(tmp_path: Path) -> None:
    with (cluster("--empty", prefix="br-") as own,
          jupyter(own.environment, tmp_path, base_url="/user/ada/") as server,
          browser_page() as page):
        notebook = Notebook(page, server, "03-the-first-policy.ipynb")
        for text in ("lab.start()", "lab.reset()", 'display.shop("/cart")'):
            notebook.run(notebook.cell(text))
        panel = notebook.cell('display.shop("/cart")').locator(".lab-shop")
        shows(panel, "OK 200", "Your cart")
        screenshot(page, "03-before")

        notebook.run(notebook.cell("%%kubectl create -f -"))
        expect(notebook.cell("%%kubectl create -f -")).to_contain_text("shipping-allow-checkout created")
        reload(panel)
        shows(panel, "OK 200", "Your cart")

        notebook.run(notebook.cell("rollout restart deployment/frontend"))
        reload(panel)
        shows(panel, "ERROR 500", "failed to get shipping quote")
        screenshot(page, "03-broken")

        own.kubectl("create", "-f", str(INGRESS / "02-shipping-allow-frontend.yaml"))
        reload(panel)
        shows(panel, "OK 200", "Your cart")
        screenshot(page, "03-mended")
