"""Take outputs, execution counts and editor leftovers out of the notebooks, as git keeps them.

`--check` writes nothing and fails when a notebook carries any.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT_IN_A_CELL = {"tags", "jupyter"}


def stripped(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what running and editing it leave behind."""
    for cell in notebook.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in KEPT_IN_A_CELL}
        cell.metadata = NotebookNode(kept)
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    course = {"course": notebook.metadata["course"]} if "course" in notebook.metadata else {}
    language = NotebookNode(name="python")
    notebook.metadata = NotebookNode(**course, kernelspec=NotebookNode(KERNEL), language_info=language)
    return notebook


def text(notebook: NotebookNode) -> str:
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Strip the notebooks' outputs.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    arguments = parser.parse_args()
    dirty = 0
    for path in sorted(NOTEBOOKS.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        clean = text(stripped(nbformat.read(path, as_version=4)))
        if clean == path.read_text("utf-8"):
            continue
        dirty += 1
        if arguments.check:
            print(f"{path.name}: holds outputs or leftovers; run: make strip", file=sys.stderr)
        else:
            path.write_text(clean, "utf-8")
    return 1 if dirty and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
