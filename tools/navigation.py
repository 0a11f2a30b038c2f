"""Write the course's navigation: the links between the notebooks, the maps of the course, the repository's address.

The order is the order of the file names. A notebook's metadata holds `course`: `minutes` and `about`, and
`optional` where it may be skipped. This tool owns the text of the cells `nav-top`, `nav-bottom` and, in the first
notebook, `course-map`. The address is the one in pyproject.toml. `--check` writes nothing and fails when a text is
out of date.
"""

import argparse
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
README = ROOT / "README.md"
UNNAMED = "example.org"
"""The host of the address that nobody has changed yet."""


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course: its file, its text and what the map says about it."""

    path: Path
    notebook: NotebookNode
    title: str
    minutes: int
    about: str
    optional: bool

    @classmethod
    def read(cls, path: Path) -> "Lesson":
        notebook = nbformat.read(path, as_version=4)
        facts = notebook.metadata["course"]
        return cls(path, notebook, title(notebook), facts["minutes"], facts["about"], facts.get("optional", False))

    @property
    def number(self) -> str:
        return self.path.name[:2]

    def cells(self, *ids: str) -> list[NotebookNode]:
        return [cell for cell in self.notebook.cells if cell.get("id") in ids]


def course(folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks of the course, in its order."""
    return sorted(folder.glob("[0-9][0-9]-*.ipynb"))


def title(notebook: NotebookNode) -> str:
    """The text of a notebook's first heading, without its number. Raises ValueError where there is none."""
    for cell in notebook.cells:
        found = re.search(r"^# (?:\d\d · )?(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return found[1].strip()
    raise ValueError("a notebook of the course needs a heading of the first level")


def links(lessons: list[Lesson], index: int) -> str:
    """The line of links for the notebook at `index`: where one was, and where one goes."""
    before = lessons[index - 1] if index else None
    after = lessons[index + 1] if index + 1 < len(lessons) else None
    here = lessons[index]
    parts = [
        f"← [{before.number} {before.title}]({before.path.name})" if before else "",
        f"**{here.number}**" + (" (optional)" if here.optional else ""),
        f"[{after.number} {after.title}]({after.path.name}) →" if after else "",
    ]
    return " · ".join(filter(None, parts))


def table(lessons: list[Lesson], folder: str = "") -> str:
    """The map of the course as a table; `folder` stands before the names of the files."""
    rows = [
        f"| {lesson.number} | [{lesson.title}]({folder}{lesson.path.name})"
        f"{' (optional)' if lesson.optional else ''} | {lesson.about} | {lesson.minutes} |"
        for lesson in lessons
    ]
    return "\n".join(["| | notebook | what you do | minutes |", "| --- | --- | --- | --- |", *rows])


def address() -> str:
    """Where the repository is, as pyproject.toml says; empty until somebody has put it there."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
    return "" if urlsplit(found).hostname == UNNAMED else found.removesuffix("/")


def cloning(repository: str) -> str:
    """How to get the course."""
    place = repository or "<the address of this repository>"
    return "\n".join(["```", f"git clone {place} hipster-shop", "cd hipster-shop", "make lab", "```", ""])


def binder(repository: str) -> str:
    """The way to Binder: a badge, or what to tell it where the address is unknown."""
    if not repository:
        place = "[mybinder.org](https://mybinder.org)"
        return f"give the address of this repository to {place}, with the file `notebooks/00-start-here.ipynb`."
    host = urlsplit(repository).hostname or ""
    kind = {"github.com": "gh", "gitlab.com": "gl"}.get(host, "git")
    path = urlsplit(repository).path.strip("/") if kind == "gh" else quote(repository, safe="")
    place = f"https://mybinder.org/v2/{kind}/{path}/HEAD?urlpath=lab/tree/notebooks/00-start-here.ipynb"
    return f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({place})"


def renewed(readme: str, lessons: list[Lesson], repository: str) -> str:
    """The README with the texts that this tool owns in it, between two comments each."""
    texts = {
        "the course": f"\n{table(lessons, 'notebooks/')}\n",
        "the address": f"\n{cloning(repository)}",
        "binder": binder(repository),
    }
    for name, text in texts.items():
        owned = re.compile(rf"(<!-- {name} -->).*?(<!-- end of {name} -->)", re.DOTALL)
        readme = owned.sub(lambda found, text=text: f"{found[1]}{text}{found[2]}", readme)
    return readme


def wanted(lessons: list[Lesson], index: int) -> dict[str, str]:
    """The texts that this tool owns in the notebook at `index`, by cell id."""
    line = links(lessons, index)
    texts = {"nav-top": line, "nav-bottom": line}
    return texts if index else texts | {"course-map": table(lessons)}


def update_notebooks(lessons: list[Lesson]) -> list[Lesson]:
    """Put the right text into every owned cell; returns the notebooks that changed."""
    changed = []
    for index, lesson in enumerate(lessons):
        texts = wanted(lessons, index)
        cells = lesson.cells(*texts)
        if len(cells) != len(texts):
            raise ValueError(f"{lesson.path.name} needs cells with the ids {', '.join(texts)}")
        if any(cell.source != texts[cell.id] for cell in cells):
            changed.append(lesson)
        for cell in cells:
            cell.source = texts[cell.id]
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the links between the notebooks, and the maps of the course.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    lessons = [Lesson.read(path) for path in course()]
    texts = {lesson.path: nbformat.writes(lesson.notebook).rstrip("\n") + "\n" for lesson in update_notebooks(lessons)}
    readme = README.read_text("utf-8")
    if (new := renewed(readme, lessons, address())) != readme:
        texts[README] = new
    for path, text in texts.items():
        if check:
            print(f"{path.name}: the navigation is out of date; run: make nav", file=sys.stderr)
        else:
            path.write_text(text, "utf-8")
    return 1 if texts and check else 0


if __name__ == "__main__":
    sys.exit(main())
