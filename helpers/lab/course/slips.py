"""Cells that kubectl can't have meant, told in one line before they run: YAML under the wrong command, an editor."""

import os
import re
from typing import Any

from IPython.core.error import UsageError

_MAGIC = re.compile(r"\s*%%kubectl\b")
_COMMAND = re.compile(r"\s*[!%]\s*kubectl\b(?P<rest>.*)")
_EDIT = re.compile(r"\s*[!%]{1,2}\s*kubectl\s+(?:-\S+\s+(?!edit\b)\S+\s+|--?\S+\s+)*edit\b")
_YAML = re.compile(r"\s*(?:- )?(?:apiVersion|kind|metadata|spec)\s*:")
_IDLE = re.compile(r"\s*(?:#.*)?$")


def heed(lines: list[str]) -> list[str]:
    """A cell's lines, without what stands idle above `%%kubectl`. Raises UsageError for a cell that can't work."""
    first = next((number for number, line in enumerate(lines) if not _IDLE.match(line)), len(lines))
    if first == len(lines) or (lines[first].lstrip().startswith("%%") and not _MAGIC.match(lines[first])):
        return lines
    if not os.environ.get("KUBE_EDITOR") and any(map(_EDIT.match, lines)):
        raise UsageError(
            "kubectl edit opens an editor, and a cell has none. `!kubectl get KIND NAME -o yaml` shows an object, and "
            "`%%kubectl apply -f -` changes it; in a terminal, edit works."
        )
    if _MAGIC.match(lines[first]):
        return lines[first:]
    if any(map(_MAGIC.match, lines)):
        raise UsageError("%%kubectl has to be the first line of its cell: put what stands above it into another cell.")
    return _yaml_below(lines, first)


def _yaml_below(lines: list[str], first: int) -> list[str]:
    for number, line in enumerate(lines):
        command = _COMMAND.match(line)
        if command and any(map(_YAML.match, lines[number + 1 :])):
            raise UsageError(
                f"`{line.split('kubectl')[0].strip()}kubectl` doesn't read the YAML below it. Begin the cell with "
                f"`%%kubectl{command['rest'].rstrip()}`: two percent signs, in the first line."
            )
    if re.match(r"(?:---\s*$|apiVersion\s*:)", lines[first]) and any(re.match(r"kind\s*:", line) for line in lines):
        raise UsageError("This cell holds YAML alone. Put `%%kubectl apply -f -` in front of it, as its first line.")
    return lines


def load(shell: Any) -> None:
    """Have each cell of an IPython shell looked at; doing it twice changes nothing."""
    if heed not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, heed)
