"""Run every notebook of the course on a fresh cluster of its own, and write them with their outputs as HTML.

    python tools/tour.py [--to FOLDER] [NOTEBOOK …]

The cluster lives in a temporary LAB_HOME and is gone afterwards. Ends with status 1 if a cell failed, with 130 if it
was interrupted.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from helpers.lab import kernels

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import navigation  # noqa: E402  (the folder was not on the path before)
import pages  # noqa: E402
import stills  # noqa: E402

PATIENCE = 300  # seconds that one cell may take
QUIETLY = ["--IPKernelApp.log_level=40"]  # a kernel on loopback warns that it does not encrypt


def own_environment(home: str) -> dict[str, str]:
    """The variables of a cluster in `home`, whatever cluster or Jupyter this user has besides."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = dict(os.environ, LAB_HOME=f"{home}/lab", TMPDIR=home, PATH=path)
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    for name in ("LAB_CONTEXT", "KUBECONFIG"):
        variables.pop(name, None)
    return variables


def execute(notebook: nbformat.NotebookNode, folder: Path) -> str:
    """Run a notebook in its folder; it keeps the outputs, with stills of widgets. Returns what went wrong, if so."""
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        kernel_manager_class=kernels.Manager,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=QUIETLY,
    )

    def freeze(cell: nbformat.NotebookNode, **_: object) -> None:
        stills.freeze(cell.get("outputs") or [], client.widget_state)

    client.on_cell_executed = freeze
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    return ""


def visit_one(path: Path, folder: Path) -> bool:
    """Run one notebook in this process, and write it; says whether all went well."""
    notebook = nbformat.read(path, as_version=4)
    trouble = execute(notebook, path.resolve().parent)
    pages.write_html(notebook, path.stem, folder)
    if trouble:
        print(f"{path.name}: a cell failed\n{trouble}", file=sys.stderr)
    return not trouble


def visit(paths: list[Path], folder: Path, environment: dict[str, str]) -> bool:
    """Run the notebooks in their order; says how long each took, and whether all went well.

    Each has a process of its own, in a session of its own: the client of a kernel would take an interrupt to itself.
    """
    well = True
    for path in paths:
        began = time.monotonic()
        command = [sys.executable, __file__, "--to", str(folder), "--one", str(path)]
        with interrupts() as came, subprocess.Popen(command, env=environment, start_new_session=True) as child:
            while child.poll() is None:
                if came.wait(0.1):
                    end(child.pid)
                    raise KeyboardInterrupt
            well = child.returncode == 0 and well
        print(f"{path.name:<32} {time.monotonic() - began:5.1f} s", flush=True)
    return well


@contextlib.contextmanager
def interrupts() -> Iterator[threading.Event]:
    """An event that Control-C sets, in place of breaking in at any moment."""
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def end(pid: int) -> None:
    """Kill a process and all that it started, its kernel among them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=5)


def helpers(command: str, *options: str, environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-P", "-m", "helpers", command, *options],
        env=environment,
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def tour(paths: list[Path], folder: Path) -> bool:
    """Make a fresh cluster, visit the notebooks, take the cluster away."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages.write_index(paths, folder)
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
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("notebooks", nargs="*", type=Path, help="some notebooks only")
    arguments = parser.parse_args()
    if arguments.one:
        return 0 if visit_one(arguments.notebooks[0], arguments.to) else 1
    began = time.monotonic()
    try:
        well = tour(arguments.notebooks or navigation.course(), arguments.to)
    except KeyboardInterrupt:
        print(f"Interrupted; the cluster of the tour is gone. What was done so far is in {arguments.to}")
        return 130
    print(
        f"{'all' if well else 'NOT all went well':<32} {time.monotonic() - began:5.1f} s\n"
        f"To read: {arguments.to / 'index.html'}"
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
