"""For a kernel that was started again and whose notebook goes on in the middle: says which cell to run first.

An IPython extension that the course's settings load (helpers/jupyter/etc). It answers cells that need the course, until
they have it, and leaves all others alone. It is loaded by every kernel, so it imports nothing heavy.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers import display, lab
from helpers.lab.errors import LabError

_LAB = re.compile(rf"(?<![\w.])lab\.(?:{'|'.join(lab.__all__)})\b")
_DISPLAY = re.compile(rf"(?<![\w.])display\.(?:{'|'.join(display.__all__)})\b")
_KUBECTL = re.compile(r"(?m)(?:^|=)\s*(?:!.*|%)kubectl\b|\A\s*%%(?:ba)?sh\b(?s:.*)\bkubectl\b")
_MAGIC = re.compile(r"\A\s*%%kubectl\b")
_IMPORTS = re.compile(r"(?m)^\s*(?:from|import)\s+helpers\b")
_FOREIGN = re.compile(r"\A\s*%%(?!(?:time|timeit|capture|kubectl|bash|sh)\b)")
_ANSWER = f"__import__('importlib').import_module({__name__!r}).ask()\n"


def ask() -> None:
    """Runs in the place of a cell that needs the course."""
    raise LabError("This kernel is new. Run the notebook's first cell: from helpers import lab, display; lab.start()")


def needs_the_course(cell: str, names: Mapping[str, Any]) -> bool:
    """Whether a cell uses what this kernel doesn't have yet; `names` are the user's own."""
    if _IMPORTS.search(cell) or _FOREIGN.search(cell):
        return False
    if ("lab" not in names and _LAB.search(cell)) or ("display" not in names and _DISPLAY.search(cell)):
        return True
    if "helpers.lab.cluster.session" in sys.modules:  # something of the lab has run, under whatever name
        return False
    return bool(_MAGIC.search(cell) or (_KUBECTL.search(cell) and _beside_helpers()))


def _beside_helpers() -> bool:
    """Whether the notebook is one of the course, or a copy: elsewhere kubectl may mean any cluster."""
    return (Path.cwd() / "helpers.py").is_file()


def load_ipython_extension(shell: Any) -> None:
    """Look at each cell before IPython reads it."""

    def look(lines: list[str]) -> list[str]:
        return [_ANSWER] if needs_the_course("".join(lines), shell.user_ns) else lines

    shell.input_transformers_cleanup.append(look)
