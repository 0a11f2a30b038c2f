"""The minutes that a notebook states are those that reading, running, predicting and doing its tasks take."""

import re
from pathlib import Path

import nbformat
import pytest
from support.notebooks import course

WORDS_A_MINUTE = 150
CELL, PREDICTION, STEP, TASK = 0.2, 0.35, 0.5, 2.0
"""Minutes for running a cell and looking at what it shows, for a prediction, a step in a widget, a task."""
WORDS = 1700
"""A notebook has no more, what is folded away not counted."""


def shown(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells that belong to the stated time: not the navigation, and not the exam, which says its own."""
    return [cell for cell in notebook.cells if not cell.id.startswith(("nav-", "exam"))]


def text_of(notebook: nbformat.NotebookNode) -> str:
    cells = [cell.source for cell in shown(notebook) if cell.cell_type == "markdown"]
    return re.sub(r"<details>.*?</details>", "", "\n".join(cells), flags=re.DOTALL)


def words(notebook: nbformat.NotebookNode) -> int:
    return len(re.findall(r"[\w'’`.-]+", text_of(notebook)))


def minutes(notebook: nbformat.NotebookNode) -> float:
    code = [cell.source for cell in shown(notebook) if cell.cell_type == "code"]
    text = text_of(notebook)
    return (
        words(notebook) / WORDS_A_MINUTE
        + CELL * len(code)
        + PREDICTION * text.count("**Predict")
        + STEP * len(re.findall(r"^\d+\. ", text, re.MULTILINE))
        + TASK * sum(source.startswith("lab.check(") for source in code)
        + notebook.metadata["course"].get("writing", 0)  # policies by hand, an application of one's own
    )


@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_the_stated_minutes_are_those_that_it_takes(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    stated = notebook.metadata["course"]["minutes"]
    assert abs(minutes(notebook) - stated) <= 0.25 * stated, f"about {minutes(notebook):.0f}, and it states {stated}"
    assert re.search(rf"\*\*Minutes:\*\* {stated}\b", text_of(notebook))


@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_a_notebook_is_no_book(path: Path) -> None:
    assert words(nbformat.read(path, as_version=4)) <= WORDS
