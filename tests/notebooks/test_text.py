"""Each command in the course's text is one that a test has executed: in a cell, in a solution, or here."""

import re
from pathlib import Path

import nbformat
import pytest
from support.cluster import cluster
from support.course import INGRESS
from support.notebooks import course

INLINE = re.compile(r"`!?((?:kubectl|python|make|curl|pip) [^`\n]+|(?:lab|display)\.\w+\([^`\n]*)`")
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")
# In no cell; these have tests of their own (test_make, test_any_cluster, those of the plugin).
ELSEWHERE = {
    "make lab": "",
    'lab.start(context="my-context")': "",
    'lab.start(namespace="my-namespace")': "",
    "lab.plugin()": "",
    "kubectl delete networkpolicy payment-allow-checkout": "deleted",
    "kubectl get networkpolicy NAME -o yaml": "kind: NetworkPolicy",
}


def told(path: Path) -> set[str]:
    """The commands in a notebook's text; those that a cell or a solution of the notebook has are left out."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    executed = "\n".join(
        [cell.source for cell in cells if cell.cell_type == "code"] + re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    )
    return {
        command
        for command in INLINE.findall(text)
        if not re.search(r"\S+".join(map(re.escape, PLACEHOLDER.split(command))), executed)
    }


@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_commands_in_the_text_are_executed(path: Path) -> None:
    assert told(path) <= ELSEWHERE.keys()


def test_no_command_is_kept_that_nobody_tells() -> None:
    assert set().union(*map(told, course())) == ELSEWHERE.keys()


def test_what_no_cell_executes_is_executed_here() -> None:
    with cluster("--empty") as own:
        own.kubectl("apply", "-f", str(INGRESS / "03-payment-allow-checkout.yaml"))
        for command in [found for found in ELSEWHERE if found.startswith("kubectl")][::-1]:
            arguments = command.replace("NAME", "payment-allow-checkout").split()[1:]
            assert ELSEWHERE[command] in own.kubectl(*arguments)
