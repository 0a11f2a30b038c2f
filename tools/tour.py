"""Run every notebook of the course on a fresh cluster of its own, and write them with their outputs as HTML.

    python tools/tour.py [--to FOLDER] [NOTEBOOK …]

The cluster lives in a temporary LAB_HOME and is gone afterwards. Ends with status 1 if a cell failed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import navigation  # noqa: E402  (the folder was not on the path before)

PATIENCE = 300  # seconds that one cell may take
QUIETLY = ["--IPKernelApp.log_level=40"]  # a kernel on loopback warns that it does not encrypt


def own_environment(home: str) -> dict[str, str]:
    """The variables of a cluster in `home`, whatever cluster or Jupyter this user has besides."""
    bin_folder = str(Path(sys.executable).parent)
    variables = dict(os.environ, LAB_HOME=home, PATH=f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    for name in ("LAB_CONTEXT", "KUBECONFIG"):
        variables.pop(name, None)
    return variables


def execute(notebook: nbformat.NotebookNode, folder: Path, environment: dict[str, str]) -> str:
    """Run a notebook in its folder; it keeps the outputs. Returns what went wrong, or an empty string."""
    client = NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3",
                            resources={"metadata": {"path": str(folder)}}, extra_arguments=QUIETLY)
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    return ""


def write_html(notebook: nbformat.NotebookNode, name: str, folder: Path) -> None:
    """Write one executed notebook; links to other notebooks go to their pages."""
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="")  # nothing from afar
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    for path in navigation.course():
        body = body.replace(f'href="{path.name}"', f'href="{path.stem}.html"')
    (folder / f"{name}.html").write_text(body)


def visit(paths: list[Path], folder: Path, environment: dict[str, str]) -> bool:
    """Run the notebooks in their order; says how long each took, and whether all went well."""
    well = True
    for path in paths:
        began = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        trouble = execute(notebook, path.resolve().parent, environment)
        write_html(notebook, path.stem, folder)
        print(f"{path.name:<32} {time.monotonic() - began:5.1f} s", flush=True)
        if trouble:
            well = False
            print(f"{path.name}: a cell failed\n{trouble}", file=sys.stderr)
    return well


def helpers(command: str, *options: str, environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "helpers", command, *options], env=environment, cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


def tour(paths: list[Path], folder: Path) -> bool:
    """Make a fresh cluster, visit the notebooks, take the cluster away."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="tour-") as home:
        environment = own_environment(home)
        try:
            helpers("up", "--empty", environment=environment)
            return visit(paths, folder, environment)
        finally:
            helpers("down", environment=environment)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every notebook on a fresh cluster; write them as HTML.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "tour", help="folder for the HTML")
    parser.add_argument("notebooks", nargs="*", type=Path, help="some notebooks only")
    arguments = parser.parse_args()
    began = time.monotonic()
    well = tour(arguments.notebooks or navigation.course(), arguments.to)
    print(f"{'all' if well else 'NOT all went well':<32} {time.monotonic() - began:5.1f} s\n"
          f"To read: {arguments.to / '00-start-here.html'}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
