"""The solutions, where the learner finds them too: in the notebooks, below each check. There is no second copy."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.lab.errors import LabError
from helpers.lab.home import lessons

BLOCK = re.compile(r"<summary>The solution</summary>.*?^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Solution:
    """One way to do a task: `language` is yaml, python, or empty for commands that stand in a cell as they are."""

    task: str
    language: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```{self.language}\n{self.text}```"


def solution(task: str) -> Solution:
    """The solution of a task, read from its notebook. Raises LabError if there is none."""
    for found in solutions():
        if found.task == task:
            return found
    raise LabError(f"No notebook holds a solution of {task!r}.")


def solutions(folder: Path | None = None) -> Iterator[Solution]:
    """The solutions of all tasks: in each notebook the first one below the cell that calls `lab.check`."""
    for path in lessons(folder):
        waiting: list[str] = []
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            text = "".join(cell["source"])
            if cell["cell_type"] == "code":
                waiting += re.findall(r'^lab\.check\("([^"]+)"', text, re.MULTILINE)
            elif waiting and (block := BLOCK.search(text)):
                yield Solution(waiting.pop(0), block[1], block[2])
