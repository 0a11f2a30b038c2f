"""The graph as a notebook's output: alive in JupyterLab and in Notebook 7, and a still image where it isn't trusted."""

import os
import re
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Locator, expect
from support.browser import Notebook, Notebook7, browser_page, screenshot
from support.course import shop
from support.jupyter import Server, jupyter
from support.shop_world import policies

from helpers.display.drawing.pictures import graph

NAME = "graph.ipynb"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("graph")
    with jupyter(os.environ, place) as found:
        (found.folder / NAME).write_text(nbformat.writes(notebook()), "utf-8")
        yield found


def notebook() -> nbformat.NotebookNode:
    """A notebook that draws the shop without a cluster, and holds the same picture from an earlier day."""
    source = (
        "from helpers import display\nimport yaml\n"
        "files = ['../helpers/boutique/manifests/hipster-shop.yaml', "
        "'policies/ingress/02-shipping-allow-frontend.yaml']\n"
        "display.graph(objects=[one for file in files for one in yaml.safe_load_all(open(file, encoding='utf-8'))])"
    )
    picture = graph(objects=[*shop(), *policies(2)])
    old = nbformat.v4.new_output(
        "display_data",
        {"text/html": picture._repr_html_(), "image/svg+xml": picture.svg(), "text/plain": repr(picture)},
    )
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("# an earlier day", outputs=[old])]
    )


@pytest.mark.parametrize("kind", [Notebook, Notebook7], ids=["lab", "notebook7"])
def test_it_lights_and_explains(kind: type[Notebook], server: Server) -> None:
    with browser_page() as page:
        opened = kind(page, server, NAME)
        cell = opened.run(opened.cell("display.graph("))
        arrow = cell.locator('.call[data-source^="default/frontend"][data-target^="default/shippingservice"]')
        point(arrow)
        expect(cell.locator(".lab-picking")).to_have_count(1)
        page.mouse.down()
        page.mouse.up()
        said = cell.get_by_role("status")
        expect(said).to_contain_text("frontend → shippingservice TCP 50051: needed and allowed")
        expect(said).to_contain_text("[1] shipping-allow-frontend")
        cell.locator('.workload[data-key^="default/adservice"]').click()
        expect(said).to_contain_text("no policy selects it")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(said).to_contain_text(re.compile("frontend → adservice"))
        screenshot(page, f"graph-{kind.__name__}")


def test_what_is_not_trusted_is_a_still_image_with_its_sentence(server: Server) -> None:
    with browser_page() as page:
        opened = Notebook(page, server, NAME)
        shown = opened.cell("an earlier day").locator(".jp-OutputArea")
        words = re.compile("12 workloads under 2 policies: 17 of 17 needed calls are allowed")
        expect(shown.get_by_role("img", name=words)).to_be_visible()
        expect(shown.get_by_role("button")).to_have_count(0)
        screenshot(page, "graph-untrusted")


def point(arrow: Locator) -> None:
    """Move the pointer onto the middle of an arrow."""
    arrow.scroll_into_view_if_needed()
    x, y = arrow.locator("path:not(.lab-grip)").evaluate(
        """(path) => {
          const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
          return [at.x, at.y];
        }"""
    )
    arrow.page.mouse.move(x, y)
