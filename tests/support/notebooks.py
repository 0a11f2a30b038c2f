"""Run notebooks of the course without a screen, and ask what their cells printed."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.lab import kernels
from helpers.lab.course.checks.solutions import solutions
from support.course import NOTEBOOKS

PATIENCE = 120  # seconds for one cell


def course() -> list[Path]:
    """The notebooks of the course, in its order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


class Run:
    """A notebook that was executed; `text(cell_id)` is what a cell showed, as plain text."""

    def __init__(self, notebook: nbformat.NotebookNode) -> None:
        self.cells = {cell.id: cell for cell in notebook.cells}

    def text(self, cell: str) -> str:
        shown = [
            output.get("text") or output.get("data", {}).get("text/plain", "") for output in self.cells[cell].outputs
        ]
        return "\n".join(shown)

    @property
    def errors(self) -> list[str]:
        """Error outputs of all cells; a cell's `raises-exception` tag would let them through otherwise."""
        return [
            f"{name}: {output.evalue}"
            for name, cell in self.cells.items()
            for output in cell.get("outputs", [])
            if output.output_type == "error"
        ]


def run(
    path: Path,
    environment: Mapping[str, str],
    sources: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Run:
    """Execute a notebook in its own folder, the sources of some cells replaced. A failing cell raises.

    `chosen` are variables that lead it to another cluster.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = (sources or {}).get(cell.id, cell.source)
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        kernel_manager_class=kernels.Manager,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    )
    client.execute(env=kernel_environment(environment) | dict(chosen or {}))
    return Run(notebook)


def kernel_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a kernel gets: the cluster's home, and nothing that would lead it to another cluster."""
    kept = {name: value for name, value in environment.items() if name not in ("KUBECONFIG", "LAB_CONTEXT")}
    return kept | {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


ORDER = """
lab.page("/cart", {"product_id": "OLJCESPC7Z", "quantity": "1"})
lab.page("/cart/checkout", {"email": "me@example.org", "street_address": "1 Main Street", "zip_code": "94043",
         "city": "Mountain View", "state": "CA", "country": "United States", "credit_card_number": "4432801561520454",
         "credit_card_expiration_month": "1", "credit_card_expiration_year": "2039", "credit_card_cvv": "672"})
"""


def solved(path: Path, mine: str = "") -> dict[str, str]:
    """The cells of "your turn" filled in as a learner would who follows the solutions.

    `mine` begins the names of namespaces on a cluster that is shared: the notebook says so.
    """
    places, answers = answer_cells(path), {}
    for found in solutions():
        if found.task in places:
            text = found.text.replace(" sandbox", f" {mine}sandbox")
            answers[places[found.task]] = f"%%kubectl apply -f -\n{text}" if found.language == "yaml" else text
    if path.name.startswith("01"):
        answers["turn-answer"] = ORDER + answers["turn-answer"]
    return answers


def answer_cells(path: Path) -> dict[str, str]:
    """For each task of a notebook the id of the cell to fill in: the code cell before the check."""
    found, before = {}, ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            if task := re.match(r'lab\.check\("([^"]+)"', cell.source):
                found[task[1]] = before
            before = cell.id
    return found


def checks(path: Path) -> list[str]:
    """The ids of the cells that check a task."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.id for cell in cells if cell.cell_type == "code" and cell.source.startswith("lab.check(")]


def halves(path: Path) -> tuple[list[str], list[str]]:
    """The ids of the code cells after the first one, before and after the section that begins nearest to the middle."""
    cells = nbformat.read(path, as_version=4).cells
    sections = [
        number for number, cell in enumerate(cells) if cell.cell_type == "markdown" and cell.source.startswith("## ")
    ]
    middle = min(sections, key=lambda number: abs(number - len(cells) // 2))
    return code(cells[:middle])[1:], code(cells[middle:])


def code(cells: list[nbformat.NotebookNode]) -> list[str]:
    return [cell.id for cell in cells if cell.cell_type == "code"]
