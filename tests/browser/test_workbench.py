"""Notebook 08 by clicking and typing, in a real JupyterLab and in Notebook 7, over a running cluster."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect
from support.browser import Notebook, Notebook7, browser_page, choose_theme, screenshot
from support.cluster import Cluster, cluster
from support.course import ROOT
from support.jupyter import Server, jupyter
from support.workbench import Workbench

PATIENCE = 30_000  # ms for a page of the shop to arrive
NAME = "08-the-workbench.ipynb"


def policies(own: Cluster) -> list[str]:
    found = json.loads(own.kubectl("get", "networkpolicies", "-o", "json"))["items"]
    return sorted(item["metadata"]["name"] for item in found)


def shows(panel: Locator, status: str, words: str) -> None:
    panel.get_by_role("button", name="Reload").click()
    expect(panel.locator(".status")).to_contain_text(status, timeout=PATIENCE)
    expect(panel.frame_locator("iframe").locator("body")).to_contain_text(words, timeout=PATIENCE)


@contextmanager
def opened(
    place: Path, kind: Callable[[Page, Server, str], Notebook], **look: object
) -> Iterator[tuple[Cluster, Notebook]]:
    """A cluster with the shop, and notebook 08 open with its first cells run."""
    with cluster(prefix="br-") as own, jupyter(own.environment, place) as server, browser_page(**look) as page:  # type: ignore[arg-type]
        choose_theme(place, dark=bool(look.get("dark")))
        notebook = kind(page, server, NAME)
        for text in ("lab.start()", "lab.reset(", "display.shop(", "bench = display.workbench()"):
            notebook.run(notebook.cell(text))
        yield own, notebook


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [Notebook, Notebook7], ids=["lab", "notebook7"])
def test_the_tour_of_the_workbench(kind: type[Notebook], tmp_path: Path) -> None:
    with opened(tmp_path, kind) as (own, notebook):
        panel = notebook.cell("display.shop(").locator(".lab-shop")
        shows(panel, "ERROR 500", "failed to get shipping quote")
        bench = Workbench(notebook.cell("bench = display.workbench()"))
        see_first(bench, own)
        make_mistakes(bench)
        by_clicking(bench)
        bench.press("Apply")
        expect(bench.message).to_contain_text("Applied: create shipping-allow-frontend", timeout=PATIENCE)
        assert policies(own) == ["shipping-allow-checkout", "shipping-allow-frontend"]
        shows(panel, "OK 200", "Your cart")
        bench.press("Take back")
        expect(bench.message).to_contain_text("Taken back: delete shipping-allow-frontend", timeout=PATIENCE)
        assert policies(own) == ["shipping-allow-checkout"]
        notebook.run(notebook.cell('lab.restart("frontend")'))
        shows(panel, "ERROR 500", "failed to get shipping quote")
        screenshot(notebook.page, f"workbench-{kind.__name__}")


def see_first(bench: Workbench, own: Cluster) -> None:
    """Steps 1 to 3: what a second policy would do, and nothing done yet."""
    bench.choose("the other workload", "default/frontend")
    bench.press("Add")
    expect(bench.changes).to_contain_text("Would work again")
    expect(bench.graph).to_contain_text("if this were applied")
    assert policies(own) == ["shipping-allow-checkout"]
    expect(bench.line).to_contain_text("1 works again · 0 break")
    places = bench.places()
    bench.line.click()
    bench.changes.get_by_role("button", name="frontend → shippingservice TCP 50051").click()
    why = bench.changes.locator(".lab-answer")
    expect(why).to_contain_text("Now: ✗ denied")
    expect(why).to_contain_text("If applied: ✓ allowed")
    bench.line.click()
    expect(bench.changes).to_be_hidden()
    expect(bench.graph).to_be_visible()
    assert bench.places() == places


def make_mistakes(bench: Workbench) -> None:
    """Steps 4 to 7: each is found, at its line, while one types; Undo brings the good text back."""
    bench.replace("50051", "5005")
    expect(bench.changes).not_to_contain_text("Would work again")
    expect(bench.findings).to_contain_text("5005")
    expect(bench.editor.locator(".cm-lintRange", has_text="port: 5005").first).to_be_visible()
    bench.replace("frontend", "frontent")
    expect(bench.findings).to_contain_text("frontent")
    bench.editor.locator(".cm-line", has_text="podSelector:").first.click()
    bench.page.keyboard.press("Home")
    bench.page.keyboard.type("x: [")
    expect(bench.findings).to_contain_text("YAML")
    expect(bench.root.locator(".lab-sheets")).to_contain_text("to mend")
    undo = bench.root.get_by_role("button", name="↶ Undo")
    for _ in range(12):
        if "Would work again" in bench.changes.inner_text() and "Nothing to mend" in bench.findings.inner_text():
            break
        undo.click()
        bench.page.wait_for_timeout(250)
    expect(bench.changes).to_contain_text("Would work again")


def by_clicking(bench: Workbench) -> None:
    """Steps 8 to 10: form and YAML are one policy, both ways."""
    bench.tab("Form")
    form = bench.root.locator(".lab-form")
    expect(form.get_by_label("peer 1", exact=True)).to_have_value("app=frontend")
    form.get_by_label("peer 1", exact=True).select_option("app=adservice")
    bench.tab("YAML")
    expect(bench.editor).to_contain_text("app: adservice")
    bench.replace("adservice", "frontend")
    bench.tab("Form")
    expect(form.get_by_label("peer 1", exact=True)).to_have_value("app=frontend")
    bench.tab("YAML")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", [Notebook, pytest.param(Notebook7, marks=pytest.mark.long)], ids=["lab", "notebook7"])
def test_the_timeline_the_flow_log_and_the_task(kind: type[Notebook], tmp_path: Path) -> None:
    with opened(tmp_path, kind, width=1920, height=1080, dark=kind is Notebook) as (own, notebook):
        notebook.run(notebook.cell("frontend = "))
        notebook.run(notebook.cell("lab.apply(frontend)"))
        step_through(notebook)
        follow_flows(notebook)
        solve(notebook, own)


def step_through(notebook: Notebook) -> None:
    """The slider by keyboard, the buttons, and Play."""
    timeline = notebook.run(notebook.cell("display.timeline()")).locator(".lab-timeline")
    said = timeline.locator(".lab-said")
    expect(said).to_contain_text("2. shipping-allow-frontend. Works again")
    timeline.get_by_label("Step", exact=True).focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("1. shipping-allow-checkout. shippingservice is now isolated")
    expect(timeline.locator("svg").first).to_contain_text("After 1. shipping-allow-checkout")
    timeline.get_by_label("First step").click()
    expect(said).to_contain_text("No policy.")
    timeline.get_by_label("Play or pause").click()
    expect(said).to_contain_text("2. shipping-allow-frontend", timeout=PATIENCE)
    for kind, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with notebook.page.expect_download() as download:
            timeline.get_by_role("button", name=f"Save this picture as {kind}").click()
        assert download.value.suggested_filename == f"policies-02.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(start)


def follow_flows(notebook: Notebook) -> None:
    """A refused connection arrives by itself, is explained, and leads to a policy in a workbench."""
    cell = notebook.run(notebook.cell("log = display.flow_log()"))
    log = cell.locator(".lab-flow-log")
    notebook.run(notebook.cell('lab.probe("adservice"'))
    row = log.locator("tr.lab-row", has_text="adservice").filter(has_text="denied").first
    expect(row).to_be_visible(timeout=PATIENCE)
    log.get_by_label("Filter", exact=True).locator("input").first.fill("adservice denied")
    expect(log.locator("tr.lab-row")).to_have_count(1)
    row.get_by_role("button").click()
    answer = log.locator(".lab-answer").first
    expect(answer).to_contain_text("The smallest policy that would let it through")
    expect(answer.locator("pre")).to_contain_text("name: shipping-allow-ad")
    screenshot(notebook.page, f"flow-log-{type(notebook).__name__}-1920")
    log.get_by_label("group by").select_option("pair")
    expect(log.locator(".lab-groups")).to_contain_text("adservice → shippingservice TCP 50051: denied")
    answer.get_by_role("button", name="Open in the workbench").click()
    expect(log.locator(".lab-workbench .cm-content")).to_contain_text("shipping-allow-ad", timeout=PATIENCE)
    notebook.run(notebook.cell("log.stop()"))
    expect(log.get_by_role("button", name="Go on")).to_be_visible()


def solve(notebook: Notebook, own: Cluster) -> None:
    """The notebook's task, by a choice and two clicks in the workbench of its own."""
    bench = Workbench(notebook.run(notebook.cell('target="redis-cart"')))
    bench.choose("the other workload", "default/cartservice")
    bench.press("Add")
    bench.press("Apply")
    expect(bench.message).to_contain_text("Applied: create redis-cart-allow-cart", timeout=PATIENCE)
    cell = notebook.run(notebook.cell('lab.check("08-redis")'))
    expect(cell.locator(".jp-OutputArea")).to_contain_text("Done.")
    assert "redis-cart-allow-cart" in policies(own)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", [Notebook, Notebook7], ids=["lab", "notebook7"])
def test_by_keyboard_alone(kind: type[Notebook], tmp_path: Path) -> None:
    with opened(tmp_path, kind) as (_, notebook):
        bench = Workbench(notebook.cell("bench = display.workbench()"))
        page = notebook.page
        before = notebook.cells.count()
        bench.root.get_by_label("template", exact=True).focus()
        page.keyboard.press("ArrowDown")
        expect(bench.root.get_by_label("template", exact=True)).to_have_value("allow-call")
        bench.root.get_by_role("button", name="Add", exact=True).focus()
        page.keyboard.press("Enter")
        expect(bench.root.locator(".lab-sheets li")).to_have_count(2)
        page.keyboard.press("Space")
        expect(bench.root.locator(".lab-sheets li")).to_have_count(3)
        bench.editor.click()
        page.keyboard.press("Control+End")
        page.keyboard.type("abdd")  # in command mode these would insert and delete cells
        expect(bench.editor).to_contain_text("abdd")
        assert notebook.cells.count() == before
        page.keyboard.press("Enter")
        page.keyboard.type("  egress:")
        page.keyboard.press("Enter")
        page.keyboard.type("-")
        text = bench.editor.inner_text().replace("\xa0", " ")
        assert re.search(r"\n {2}egress:\n {4}-", text), text
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.cm-editor') !== null"), "Tab indents"
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.cm-editor') === null"), "Escape, then Tab leaves"
        screenshot(page, "workbench-keyboard")


LARGE = """
import sys
sys.path[:0] = [{root!r}]
from benchmarks import workbench as figures
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.live import draw
from helpers.display.widgets.review import review
from helpers.display.widgets.workbench import Workbench
bench = Workbench(Bench(figures.Fixed(figures.large({size}))), draw, review)
bench
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", [41, 200, pytest.param(1000, marks=pytest.mark.long)])
def test_a_cluster_of_any_size(size: int, tmp_path: Path) -> None:
    """A list of objects stands for the cluster; a policy is typed, and every view follows."""
    with jupyter(os.environ, tmp_path) as server, browser_page() as page:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LARGE.format(root=str(ROOT), size=size))])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        nbformat.write(book, server.folder / "large.ipynb")
        notebook = Notebook(page, server, "large.ipynb")
        cell = notebook.run(notebook.cells.first)
        bench = Workbench(cell)
        expect(bench.line).to_contain_text("The cluster has exactly these policies", timeout=PATIENCE)
        bench.replace("port: 8000", "port: 9000")
        expect(bench.changes).to_contain_text("1 call becomes denied (needed)", timeout=PATIENCE)
        expect(bench.changes).to_contain_text("Would break, though the application needs it (1)")
        expect(bench.graph).to_contain_text("if this were applied")
        expect(bench.graph.locator("g.workload").first).to_be_visible()
        expect(bench.findings).to_contain_text("9000", timeout=PATIENCE)
        bench.tab("Matrix")
        expect(bench.root.locator("td.lab-cut.lab-needed")).to_have_count(1)
        bench.root.locator("td.lab-cut.lab-needed button").click()
        expect(bench.root.locator(".lab-question .lab-answer")).to_contain_text("If applied: ✗ denied")
