"""The tour's pages: widgets stand still as they looked, nothing comes from afar, one edge and a reading width."""

from pathlib import Path
from typing import Any

import ipywidgets
import navigation
import nbformat
import pages
import pytest
import stills
from support.browser import browser_page, screenshot
from support.course import INGRESS, NOTEBOOKS, read, shop

from helpers.display.widgets.editor import Editor
from helpers.display.widgets.pane import Pane
from helpers.display.widgets.timeline import Timeline, steps_of
from helpers.policies import World
from helpers.policies.application.need import needs


def states(*widgets: Any) -> dict[str, dict[str, Any]]:
    """What a client of the kernel knows of these widgets."""
    return {widget.model_id: widget.get_state() for widget in widgets}


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    """A notebook whose only cell showed a box of widgets."""
    editor, pane = Editor(words={}), Pane("<p>no <b>policy</b> yet</p>")
    editor.show("kind: NetworkPolicy\n# <script>", "one")
    world = World.of(shop())
    wanted = tuple(needs(world))
    line = Timeline(steps_of(world, read(*sorted(INGRESS.glob("*.yaml"))[:2]), wanted), wanted)
    box = ipywidgets.VBox([editor, pane, line])
    output = nbformat.v4.new_output(
        "display_data", {stills.WIDGET: {"model_id": box.model_id}, "text/plain": "widgets"}
    )
    stills.freeze([output], states(box, editor, pane, line))
    cells = [
        nbformat.v4.new_markdown_cell(f"# A page\n\n{'Words to read. ' * 60}"),
        nbformat.v4.new_code_cell("box", outputs=[output]),
    ]
    metadata = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def test_a_page_shows_widgets_as_they_were_and_loads_nothing(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    pages.write_html(notebook, "page", tmp_path)
    asked: list[str] = []
    with browser_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        shown = page.locator(".still")
        assert "kind: NetworkPolicy" in shown.inner_text() and "no policy yet" in shown.inner_text()
        assert shown.locator("svg .workload").count() == 13 and "After 2." in shown.inner_text()
        edges = page.locator("h1, .jp-InputArea-editor, .still").evaluate_all(
            "all => all.map((one) => Math.round(one.getBoundingClientRect().left))"
        )
        assert len(set(edges)) == 1, edges
        paragraph = page.locator("main p", has_text="Words").bounding_box()
        assert paragraph and paragraph["width"] < 800
        screenshot(page, "tour-page")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked), asked


def test_the_index_lists_every_notebook(tmp_path: Path) -> None:
    pages.write_index(navigation.course(NOTEBOOKS), tmp_path)
    text = (tmp_path / "index.html").read_text("utf-8")
    assert all(f'href="{path.stem}.html"' in text for path in navigation.course(NOTEBOOKS))
