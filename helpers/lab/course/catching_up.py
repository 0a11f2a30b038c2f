"""`lab.catch_up("04")`: to where a notebook starts, for somebody who was late, lost, or away."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.lab.course import board, changes, record
from helpers.lab.course.checks.tasks import TASKS
from helpers.lab.errors import LabError
from helpers.lab.home import lessons


def catch_up(notebook: str | int) -> None:
    """Put the shop and the policies where this notebook starts, and mark the tasks before it as skipped.

    `notebook` is a number such as "04". What was done stays done. Raises LabError for a notebook that isn't there.
    """
    path = _notebook(str(notebook))
    number = path.name[:2]
    given, named = beginning(path)
    changes.reset(*given, **named)
    skipped = record.skip(task for task in TASKS if task[:2] < number)
    board.tell()
    told = f" Skipped: {', '.join(skipped)}; their checks go on working." if skipped else ""
    print(f"You are where notebook {number} begins: open {path.name}.{told}")


def beginning(path: Path) -> tuple[list[Any], dict[str, Any]]:
    """What a notebook gives to the `lab.reset(…)` that it starts with; one without begins with no shop."""
    for source in _code(path):
        for statement in _statements(source):
            found = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(found, ast.Call) and ast.unparse(found.func) == "lab.reset":
                named = {option.arg: ast.literal_eval(option.value) for option in found.keywords if option.arg}
                return [ast.literal_eval(given) for given in found.args], named
    return [], {"shop": False}


def _notebook(wanted: str) -> Path:
    known = lessons()
    digits = re.match(r"\d{1,2}(?!\d)", wanted.strip())
    for path in known:
        if digits and path.name.startswith(digits[0].zfill(2)):
            return path
    numbers = ", ".join(path.name[:2] for path in known)
    raise LabError(
        f'There is no notebook {wanted!r}. Ask for one by its number: lab.catch_up("04"). They are {numbers}.'
    )


def _code(path: Path) -> Iterator[str]:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def _statements(source: str) -> list[ast.stmt]:
    """A cell as Python; nothing for one that holds magics or commands."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []
