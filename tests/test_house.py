"""The house in order: notebooks as git keeps them, links that lead somewhere, files of a readable size."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST = 400  # lines of a Python file
FIRST_CELL = "from helpers import lab, display; lab.start()"


def tool(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "tools" / name), *options], capture_output=True, text=True)


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 5


@pytest.mark.parametrize(
    ("name", "mend"), [("strip.py", "make strip"), ("navigation.py", "make nav"), ("hints.py", "make nav")]
)
def test_notebooks_are_as_the_tools_write_them(name: str, mend: str) -> None:
    done = tool(name, "--check")
    assert done.returncode == 0, f"{done.stderr}Run: {mend}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_its_contract(path: Path) -> None:
    """Valid, python3, the common opening line first, all parts of the skeleton there, cells of one idea."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert code[0] == FIRST_CELL
    for part in ("will be able to", "**Minutes:**", "**Predict", "## Your turn", "## What you have now", "**Next:**"):
        assert part in text, f"{path.name} lacks: {part}"
    assert f"**Minutes:** {notebook.metadata.course.minutes}" in text
    # A solution may be long: it is folded away.
    assert all(len(cell.source.splitlines()) <= 60 for cell in notebook.cells if "<details>" not in cell.source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_in_a_notebook_lead_somewhere(path: Path) -> None:
    text = "\n".join(
        "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown"
    )
    check_links(text, path.parent)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/workshop.md", "docs/hub.md"])
def test_links_in_a_document_lead_somewhere(name: str) -> None:
    check_links((ROOT / name).read_text(), (ROOT / name).parent)


def check_links(text: str, folder: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)|<img [^>]*src=\"([^\"]+)\"", text)
    local = [first or second for first, second in targets if "://" not in (first or second)]
    missing = [target for target in local if not (folder / target).exists()]
    assert not missing, missing


def files_of_git(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def test_python_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in files_of_git("*.py", "*.pyi")
        if not path.name.endswith(("_pb2.py", "_pb2.pyi")) and (count := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long, long


def test_nothing_large_is_kept_in_git() -> None:
    large = [str(path.relative_to(ROOT)) for path in files_of_git() if path.stat().st_size > 2_000_000]
    assert not large


SOURCES = [
    path
    for folder in ("helpers", "tools")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_text_is_utf_8_whatever_the_locale_says(path: Path) -> None:
    wrong = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and leaves_it_to_the_locale(node)
    ]
    assert not wrong, f"{path.relative_to(ROOT)}: name the encoding in lines {wrong}"


def leaves_it_to_the_locale(call: ast.Call) -> bool:
    """Whether a call reads or writes text and says nothing of its encoding."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in given:
        return False
    if name in ("read_text", "write_text"):
        return len(call.args) < (1 if name == "read_text" else 2)
    if name == "fdopen" or (name == "open" and isinstance(call.func, ast.Name)):
        mode = call.args[1] if len(call.args) > 1 else given.get("mode")
        return not (isinstance(mode, ast.Constant) and "b" in mode.value)
    return "text" in given and name in ("run", "Popen", "check_output")


KERNELS = [
    path
    for folder in ("helpers", "tools", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts and "NotebookClient(" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_kernel_is_one_that_nobody_else_can_listen_to(path: Path) -> None:
    """What a server starts is configured; what is started here says it itself."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotebookClient":
            assert "kernel_manager_class" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}"
