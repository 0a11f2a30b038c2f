"""A kernel that is new to the course says which cell to run first, and leaves everything else alone."""

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from support.course import NOTEBOOKS, ROOT
from support.notebooks import kernel_environment

from helpers import display
from helpers.display.newkernel import needs_the_course
from helpers.lab import kernels

SENTENCE = "This kernel is new. Run the notebook's first cell: from helpers import lab, display; lab.start()"
FIRST = "from helpers import lab, display; import helpers.lab.cluster.session"


@pytest.fixture(autouse=True)
def in_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(NOTEBOOKS)
    monkeypatch.delitem(sys.modules, "helpers.lab.cluster.session", raising=False)


@pytest.mark.parametrize(
    "cell",
    [
        "lab.probe('a', 'b:1')",
        "x = 1\nprint(lab.world())",
        "display.graph()",
        "%%time\ndisplay.graph()",
        "!kubectl get pods",
        "  !kubectl get pods",
        "names = !kubectl get pods -o name",
        "!date; kubectl get pods",
        "%kubectl get pods",
        "%%kubectl apply -f -\nkind: NetworkPolicy",
        "\n%%kubectl get pods",
        "%%bash\nset -e\nkubectl get pods",
    ],
)
def test_a_cell_that_needs_the_course(cell: str) -> None:
    assert needs_the_course(cell, {})


@pytest.mark.parametrize(
    "cell",
    [
        "1 + 1",
        FIRST,
        "from helpers import lab\nlab.start()",
        "display(lab_results)",
        "IPython.display.flows",
        "label.start",
        "lab.experiments()",
        "my.lab.start()",
        "!ls",
        "%%writefile x\nlab.start()",
        "%%html\n<b>!kubectl</b>",
        "print('kubectl')",
        "%%bash\nls",
        "",
    ],
)
def test_a_cell_that_does_not(cell: str) -> None:
    assert not needs_the_course(cell, {})


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("lab.start()", {"lab": 1}),
        ("display.graph()", {"display": 1}),
    ],
)
def test_somebody_elses_names_are_theirs(cell: str, names: dict[str, Any]) -> None:
    assert not needs_the_course(cell, names)


def test_elsewhere_kubectl_is_anybodys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert not needs_the_course("!kubectl get pods", {}) and needs_the_course("%%kubectl get pods", {})


def test_kubectl_runs_once_the_lab_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "helpers.lab.cluster.session", sys)
    assert not needs_the_course("!kubectl get pods", {})


@pytest.mark.parametrize("name", display.__all__)
def test_every_picture_is_known(name: str) -> None:
    assert needs_the_course(f"display.{name}()", {}) and not needs_the_course(f"display.{name}()", {"display": display})


def test_in_a_kernel(tmp_path: Path) -> None:
    """With the settings that the course's kernels get: one sentence and no traceback, until the first cell ran."""
    settings = json.loads((ROOT / "helpers/jupyter/etc/ipython_kernel_config.json").read_text())
    extensions = settings["InteractiveShellApp"]["extensions"]
    cells = [
        "1 + 1",
        "lab.world()",
        "!kubectl version --client",
        "%%kubectl version\n",
        FIRST,
        "!kubectl version --client",
        "type(lab.LabError)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        allow_errors=True,
        kernel_manager_class=kernels.Manager,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        extra_arguments=[f"--InteractiveShellApp.extensions={extensions}"],
    )
    client.execute(env=kernel_environment({"LAB_HOME": str(tmp_path), "HOME": str(tmp_path)}))
    shown = [
        "".join(
            output.get("text") or "\n".join(output.get("traceback", ())) or output.get("data", {}).get("text/plain", "")
            for output in cell.outputs
        )
        for cell in notebook.cells
    ]
    assert shown[0] == "2" and shown[1:5] == [SENTENCE, SENTENCE, SENTENCE, ""]
    assert "Client Version" in shown[5] and shown[6] == "type"
