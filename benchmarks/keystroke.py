"""From a key pressed in the workbench's editor to graph, matrix and findings drawn anew, in a real browser.

A JupyterLab, a headless Chromium, and clusters that are lists of objects: the shop with its seventeen ingress
policies, and 200 and 1,000 workloads. Each keystroke changes the graph, the matrix and the findings.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figures import times as rounds

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

CELL = """
import sys
sys.path.insert(0, {root!r})
from benchmarks import workbench as figures
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.review import review
from helpers.display.widgets.workbench import Workbench
Workbench(Bench(figures.Fixed(figures.{make})), figures.draw_anew, review)
"""
# One keystroke is over when nothing has changed for SETTLED ms; its time is that of the last change before, taken
# when the frame with it has been painted.
MEASURE = """async () => {
    const root = document.querySelector('.lab-workbench');
    const watched = [root.querySelector('.lab-in-graph'), root.querySelector('.lab-findings').closest('.lab-pane')];
    let last = 0;
    const painted = () => { last = performance.now(); };
    const observer = new MutationObserver(() => requestAnimationFrame(() => setTimeout(painted)));
    watched.forEach((one) => observer.observe(one, { childList: true, subtree: true, characterData: true }));
    window.keystroke = { start: 0, last: () => last };
    root.addEventListener('keydown', () => { window.keystroke.start = performance.now(); last = 0; }, true);
}"""
TOOK = "() => window.keystroke.last() ? window.keystroke.last() - window.keystroke.start : 0"
SETTLED = 700


def times(page: Any, keys: int) -> list[float]:
    """Milliseconds of each of some keystrokes that append and delete a digit of a port."""
    page.evaluate(MEASURE)
    line = page.locator(".lab-editor .cm-line", has_text="port:").last
    line.click()
    page.keyboard.press("End")
    found = []
    for number in range(keys):
        page.keyboard.press("Backspace" if number % 2 else "1")
        page.wait_for_timeout(SETTLED)
        found.append(page.evaluate(TOOK))
    return [took for took in found[2:] if took]


def figures() -> Iterator[tuple[str, float, str]]:
    """(name, milliseconds, target) for each size."""
    import os

    import nbformat
    from support.browser import Notebook, browser_page
    from support.jupyter import jupyter

    for name, make, keys, target in (
        ("shop", "shop()", rounds(44, 6), "<80"),
        ("200_pods", "large()", rounds(24, 6), "<200"),
        ("1000_pods", "large(1000)", rounds(14, 6), "<500"),
    )[: rounds(3, 1)]:
        with (
            tempfile.TemporaryDirectory() as folder,
            jupyter(os.environ, Path(folder)) as server,
            browser_page() as page,
        ):
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(root=str(ROOT), make=make))])
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
            nbformat.write(book, server.folder / "keystroke.ipynb")
            notebook = Notebook(page, server, "keystroke.ipynb")
            notebook.run(notebook.cells.first)
            page.locator(".lab-editor .cm-line", has_text="port:").last.wait_for()
            took = times(page, keys)
        yield f"keystroke_browser_{name}_p50", statistics.median(took), "-"
        yield f"keystroke_browser_{name}_p95", statistics.quantiles(took, n=100)[94], target


def main() -> int:
    for name, value, target in figures():
        print(f"{name} {value:.0f} ms {target}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
