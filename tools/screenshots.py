"""Take the README's screenshots in a JupyterLab of its own: the workbench, and the shop beside a notebook.

python tools/screenshots.py

Needs Chromium and the tests' packages. Each is written for light and for dark pages into docs/.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import Notebook, browser_page, choose_theme  # noqa: E402
from support.cluster import cluster  # noqa: E402
from support.jupyter import Server, jupyter  # noqa: E402

DOCS = ROOT / "docs"
WIDTH, HEIGHT = 1600, 900
PATIENCE = 30_000  # ms for a page of the shop to arrive
LARGEST = 300_000  # bytes
DRAFT = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: payment-allow-checkout
spec:
  podSelector:
    matchLabels:
      app: paymentservice
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: checkoutservice
      ports:
        - port: 50051
"""


def main() -> int:
    for dark in (False, True):
        ending = "-dark" if dark else ""
        with (
            tempfile.TemporaryDirectory(prefix="shots-") as folder,
            cluster(prefix="br-") as own,
            jupyter(own.environment, Path(folder)) as server,
            browser_page(width=WIDTH, height=HEIGHT, dark=dark) as page,
        ):
            choose_theme(Path(folder), dark=dark)
            workbench(page, server)
            keep(page, f"workbench{ending}")
            beside(page, server)
            keep(page, f"notebook{ending}")
    return 0


def workbench(page: Page, server: Server) -> None:
    """The workbench with a policy that isn't applied yet, and nothing beside it."""
    notebook = opened(page, server, "08-the-workbench.ipynb", "lab.start()", "lab.reset(")
    cell = run_instead(notebook, "bench = display.workbench()", f"display.workbench('''{DRAFT}''')")
    bench = cell.locator(".lab-workbench").first
    expect(bench.locator(".lab-graph svg").first).to_be_visible(timeout=PATIENCE)
    to_top(cell.locator(".jp-OutputArea-output").first)


def beside(page: Page, server: Server) -> None:
    """Notebook 04 with the graph under its first policy, and the shop's error page at the right."""
    notebook = opened(page, server, "04-the-fix.ipynb", "lab.start()", "lab.reset(")
    run_instead(notebook, "lab.start()", 'lab.restart("frontend")\ndisplay.shop("/cart", beside=True)')
    cell = run_instead(notebook, "lab.reset(", "display.graph()")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("shipping", timeout=PATIENCE)
    to_top(cell.locator(".lab-graph").first)


def opened(page: Page, server: Server, name: str, *cells: str) -> Notebook:
    notebook = Notebook(page, server, name)
    for text in cells:
        notebook.run(notebook.cell(text))
    page.keyboard.press("Control+b")  # the file browser goes
    return notebook


def run_instead(notebook: Notebook, text: str, source: str) -> Locator:
    """Put a source in the place of the one with this text, and run it."""
    cells = notebook.panel.locator(".jp-CodeCell")
    place = cells.evaluate_all(
        "(all, text) => all.findIndex((one) => one.querySelector('.jp-InputArea').textContent.includes(text))", text
    )
    cell = cells.nth(place)
    cell.locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.insert_text(source)
    return notebook.run(cell)


def to_top(output: Locator) -> None:
    output.evaluate("one => one.scrollIntoView({ block: 'start' })")
    output.page.mouse.move(WIDTH / 2, 5)
    output.page.wait_for_timeout(1000)


def keep(page: Page, name: str) -> None:
    """Write what the page looks like; raises ValueError where that is too large for a README."""
    picture = page.screenshot()
    if len(picture) > LARGEST:
        raise ValueError(f"{name} has {len(picture)} bytes, more than {LARGEST}")
    (DOCS / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    sys.exit(main())
