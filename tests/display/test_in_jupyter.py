"""The shop's panel, the graph and the selector's field in a real JupyterLab."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect
from support.browser import Notebook, browser_page, screenshot, switch_to_dark
from support.cluster import Cluster, cluster
from support.jupyter import Server, jupyter

CELLS = [
    "from helpers import lab, display; lab.start(); lab.reset()",
    'display.shop("/cart")',
    'lab.apply("policies/ingress/01-shipping-allow-checkout.yaml"); lab.restart("frontend")',
    "display.graph()",
    "display.labels()",
    "lab.delete_policies()",
    'lab.probe("frontnd", "a:1")',
]


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


@pytest.fixture(scope="module")
def server(own: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyter(own.environment, tmp_path_factory.mktemp("jupyter"), base_url="/user/ada/") as found:
        write(found.folder / "own.ipynb")
        yield found


def write(path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, path)


@pytest.fixture
def page() -> Iterator[Page]:
    with browser_page(width=1500, height=1000) as found:
        yield found


def status(panel: Locator, word: str) -> None:
    expect(panel).to_have_attribute("data-status", word, timeout=15_000)


def test_the_panel_follows_the_shop(server: Server, page: Page) -> None:
    notebook = Notebook(page, server, "own.ipynb")
    notebook.run(notebook.cell(CELLS[0]))
    panel = notebook.run(notebook.cell(CELLS[1])).locator(".lab-shop")
    status(panel, "OK")
    expect(panel.locator(".path")).to_have_text("/cart")
    expect(panel.locator(".status")).to_contain_text("OK 200")

    notebook.run(notebook.cell(CELLS[2]))
    panel.get_by_role("button", name="Reload").click()
    status(panel, "LOADING")
    status(panel, "ERROR")
    expect(panel.locator(".status")).to_contain_text("ERROR 500")
    screenshot(page, "panel-error")

    notebook.run(notebook.cell(CELLS[5]))
    panel.get_by_role("button", name="Reload").click()
    status(panel, "OK")
    panel.frame_locator("iframe").get_by_role("link", name="Hipster Shop").first.click()
    expect(panel.locator(".path")).to_have_text("/")
    status(panel, "OK")


def test_the_panel_docks_beside_the_notebook_and_comes_back(server: Server, page: Page) -> None:
    notebook = Notebook(page, server, "own.ipynb")
    notebook.run(notebook.cell(CELLS[0]))
    notebook.run(notebook.cell(CELLS[1]))
    panel = page.locator(".lab-shop")
    status(panel, "OK")
    panel.get_by_role("button", name="Beside").click()
    expect(page.locator("body > .lab-shop.docked")).to_be_visible()
    status(panel, "OK")
    shell, docked = page.locator("#main").bounding_box(), panel.bounding_box()
    assert shell and docked and shell["x"] + shell["width"] <= docked["x"] + 1
    notebook_box = page.locator(".jp-NotebookPanel").bounding_box()
    assert notebook_box and notebook_box["x"] + notebook_box["width"] <= docked["x"] + 1, "the notebook makes room"
    screenshot(page, "panel-docked")
    panel.get_by_role("button", name="Back").click()
    expect(page.locator(".jp-OutputArea .lab-shop")).to_be_visible()
    wide = page.locator("#main").bounding_box()
    assert wide and wide["width"] > 1400


@pytest.mark.parametrize("dark", [False, True])
def test_the_graph_in_both_themes(server: Server, page: Page, dark: bool) -> None:
    notebook = Notebook(page, server, "own.ipynb")
    if dark:
        switch_to_dark(page)
    notebook.run(notebook.cell(CELLS[0]))
    notebook.run(notebook.cell(CELLS[2]))
    picture = notebook.run(notebook.cell(CELLS[3])).locator(".lab-graph svg")
    expect(picture).to_have_attribute("role", "group")
    box = picture.get_by_role("button", name="shippingservice: ingress isolated").locator("rect, path").first
    expect(box).to_have_css("fill", "rgb(18, 48, 77)" if dark else "rgb(220, 235, 251)")
    picture.scroll_into_view_if_needed()
    screenshot(page, f"graph-{'dark' if dark else 'light'}")


def test_a_selector_is_judged_as_it_is_typed(server: Server, page: Page) -> None:
    notebook = Notebook(page, server, "own.ipynb")
    notebook.run(notebook.cell(CELLS[0]))
    cell = notebook.run(notebook.cell(CELLS[4]))
    field = cell.locator("input[type=text]")
    expect(cell.locator(".lab-labels")).to_have_attribute("data-chosen", "1")
    field.fill("app in (frontend, cartservice)")
    expect(cell.locator(".lab-labels")).to_have_attribute("data-chosen", "2")
    field.fill("app = = x")
    expect(cell).to_contain_text("is no selector")


def test_an_error_is_a_sentence_without_a_traceback(server: Server, page: Page) -> None:
    notebook = Notebook(page, server, "own.ipynb")
    notebook.run(notebook.cell(CELLS[0]))
    said = notebook.run(notebook.cell(CELLS[6])).locator(".jp-OutputArea").inner_text()
    assert re.search(r"No pod of 'frontnd' runs .* Did you mean 'frontend'\?", said) and "Traceback" not in said
