"""Everything that the course shows, for everyone: names, contrast and structure by axe, the way of the keyboard.

One notebook with each kind of output, in both themes. Colours that are told apart without colour vision are tested
with the pictures.
"""

from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page
from support.browser import Notebook, browser_page, screenshot, switch_to_dark
from support.cluster import cluster
from support.jupyter import Server, jupyter

pytestmark = pytest.mark.timeout(300)

CELLS = [
    "from helpers import lab, display; lab.start()",
    'lab.reset("policies/ingress/01-shipping-allow-checkout.yaml", restart="frontend")',
    'lab.page("/cart")',
    'lab.page("/")',
    "display.architecture()",
    "display.graph()",
    "display.matrix()",
    'display.explain("frontend", "shippingservice", 50051)',
    'lab.probe("adservice", "shippingservice:50051")',
    "display.flows()",
    "display.labels()",
    "lab.lint()",
    "lab.suggest()",
    "display.compare(lab.suggest().policies)",
    'lab.check("00-sandbox")',
    "lab.progress()",
    "lab.doctor()",
    'lab.probe("nobody", "x:1")',
    'display.shop("/cart")',
    "display.timeline()",
    "display.flow_log()",
    "display.workbench()",
]
# JupyterLab's body has no height, and axe takes what overflows it for invisible.
STYLE = "html, body { height: 100% }"
RESULTS = {"resultTypes": ["violations", "passes"]}
TALL = 14000  # pixels: everything is on the screen at once, so that nothing lies behind something
PARTS = {
    "toolbar": ".lab-toolbar",
    "line": ".lab-unfold",
    "cluster": ".lab-cluster",
    "policies": ".lab-sheets",
    "faces": "[aria-label='Ways to write the policy']",
    "editor": ".lab-editor",
    "findings": ".lab-findings",
    "views": ".lab-views",
    "graph": ".lab-graph",
    "question": ".lab-question",
}


def opened(server: Server, page: Page) -> Notebook:
    """The notebook with each kind of output, all of it run."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(book, server.folder / "everything.ipynb")
    found = Notebook(page, server, "everything.ipynb")
    for text in CELLS:
        found.run(found.cell(text))
    page.add_style_tag(content=STYLE)
    return found


def test_everything_can_be_read_and_reached_in_both_themes(tmp_path: Path) -> None:
    with cluster() as own, jupyter(own.environment, tmp_path) as server, browser_page(width=1280, height=TALL) as page:
        bench = opened(server, page).panel.locator(".lab-workbench")
        log = page.locator(".lab-flow-log")
        log.locator("tr.lab-row", has_text="denied").first.get_by_role("button").click()
        log.locator(".lab-answer").wait_for()
        for theme in ("light", "dark"):
            if theme == "dark":
                switch_to_dark(page)
            read(page, bench)
            reach(page, bench, theme)


def reach(page: Page, bench: Locator, theme: str) -> None:
    """The Tab key goes through the workbench from part to part."""
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": width * 9 // 16})
        page.wait_for_timeout(500)  # the page keeps its place when it gets another size
        bench.evaluate("item => item.scrollIntoView()")
        page.wait_for_timeout(200)
        screenshot(page, f"workbench-{theme}-{width}")
        bench.get_by_label("template", exact=True).focus()
        assert stops(page) == list(PARTS)


def read(page: Page, bench: Locator) -> None:
    """Measure what the notebook shows, then the workbench with its other faces and views."""
    page.set_viewport_size({"width": 1280, "height": TALL})
    audit(page, ".jp-OutputArea-output", at_least=300)
    bench.get_by_label("template", exact=True).select_option("deny-ingress")
    bench.get_by_role("button", name="Add", exact=True).click()
    bench.locator(".lab-unfold").click()
    bench.locator(".lab-changes").get_by_role("button").first.wait_for()
    bench.get_by_role("tab", name="Form", exact=True).click()
    bench.get_by_role("tab", name="Matrix", exact=True).click()
    bench.locator(".lab-form").get_by_label("Name", exact=True).wait_for()
    audit(page, ".lab-workbench", at_least=80)
    bench.get_by_role("tab", name="YAML", exact=True).click()
    bench.locator(".lab-changes").get_by_role("button").first.click()
    bench.locator(".lab-changes .lab-answer").wait_for()
    audit(page, ".lab-workbench", at_least=80)
    bench.locator(".lab-unfold").click()
    bench.get_by_role("button", name="Reset", exact=True).click()
    bench.get_by_role("tab", name="Graph", exact=True).click()


def audit(page: Page, part: str, at_least: int) -> None:
    """No rule of axe is violated, and the contrast of so many words was measured."""
    page.wait_for_timeout(500)
    found = Axe().run(page, context=part, options=RESULTS).response
    wrong = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    assert not wrong, "\n".join(wrong)
    measured = sum(len(rule["nodes"]) for rule in found["passes"] if rule["id"] == "color-contrast")
    assert measured >= at_least, measured


def stops(page: Page) -> list[str]:
    """The parts of the workbench that the Tab key comes to; each of its stops is marked for the eye."""
    found: list[str] = []
    while len(found) < 20:
        page.wait_for_timeout(50)  # the editor draws its frame a moment after
        part, outlined = page.evaluate(
            """parts => {
            const focused = document.activeElement, of = (place) => focused.closest(place);
            const mark = of('.cm-editor') || of('label.lab-button') || focused;
            const part = of('.lab-workbench') && Object.keys(parts).find((name) => of(parts[name]));
            const line = of('.lab-graph .item')?.querySelector('rect, path:not(.lab-grip)');
            const seen = line ? parseFloat(getComputedStyle(line).strokeWidth) >= 3
                : getComputedStyle(mark).outlineStyle !== 'none';
            return [part || '', seen];
        }""",
            PARTS,
        )
        if not part:
            return found
        assert outlined, f"the focus in {part} can't be seen"
        if not found or found[-1] != part:
            found.append(part)
        if part == "editor":
            page.keyboard.press("Escape")  # Tab alone indents
        page.keyboard.press("Tab")
    return found
