"""Write the course's navigation: the links between the notebooks, and each notebook's place in the course.

The order is the order of the file names. Each notebook carries two cells with the ids `nav-top` and
`nav-bottom`; this tool owns their text. `--check` writes nothing and fails when a text is out of date.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def course(folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks of the course, in its order."""
    return sorted(folder.glob("[0-9][0-9]-*.ipynb"))


def title(notebook: NotebookNode) -> str:
    """The text of a notebook's first heading, without its number."""
    for cell in notebook.cells:
        found = re.search(r"^# (?:\d\d · )?(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return found[1].strip()
    raise ValueError("a notebook of the course needs a heading of the first level")


def link(path: Path, text: str) -> str:
    return f"[{text}]({path.name})"


def navigation(paths: list[Path], index: int, titles: list[str]) -> str:
    """The line of links for the notebook at `index`: where one was, and where one goes."""
    before = f"← {link(paths[index - 1], titles[index - 1])}" if index else ""
    here = f"Notebook {paths[index].name[:2]} of the course"
    after = f"{link(paths[index + 1], titles[index + 1])} →" if index + 1 < len(paths) else ""
    return " · ".join(filter(None, (before, here, after)))


def update(paths: list[Path]) -> dict[Path, NotebookNode]:
    """The notebooks whose navigation is out of date, with the right text put in."""
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    titles = [title(notebook) for notebook in notebooks]
    changed = {}
    for index, (path, notebook) in enumerate(zip(paths, notebooks, strict=True)):
        text = navigation(paths, index, titles)
        cells = [cell for cell in notebook.cells if cell.get("id") in ("nav-top", "nav-bottom")]
        if len(cells) != 2:
            raise ValueError(f"{path.name} needs two cells with the ids nav-top and nav-bottom")
        if any(cell.source != text for cell in cells):
            for cell in cells:
                cell.source = text
            changed[path] = notebook
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the links between the notebooks.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    arguments = parser.parse_args()
    changed = update(course())
    for path, notebook in changed.items():
        if arguments.check:
            print(f"{path.name}: the navigation is out of date; run: make nav", file=sys.stderr)
        else:
            nbformat.write(notebook, path)
    return 1 if changed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
