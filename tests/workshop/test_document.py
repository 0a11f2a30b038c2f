"""What docs/workshop.md tells a teacher is so: its hints, commands and functions are the project's own."""

import re
import runpy
import subprocess
import sys

import pytest
from support.course import ROOT

from helpers import lab

PAGE = (ROOT / "docs" / "workshop.md").read_text("utf-8")
PROSE = PAGE.partition("<!-- the hints -->")[0]
HINTS = runpy.run_path(str(ROOT / "tools" / "hints.py"))["hints"]()


def test_the_usual_mistakes_are_hints_of_the_checks() -> None:
    rows = [line.split("|")[4] for line in PROSE.splitlines() if re.match(r"\| \d\d \|", line)]
    told = {key for row in rows for key in re.findall(r"`([a-z-]+)`", row)}
    assert len(rows) >= 10 and len(told) > 12
    assert told <= HINTS.keys(), told - HINTS.keys()


def test_functions_of_the_lab_are_there() -> None:
    told = set(re.findall(r"lab\.(\w+)\(", PROSE))
    assert told >= {"catch_up", "hand_up", "join_board", "leave_board", "certificate"}
    assert told <= {*lab.__all__}


@pytest.mark.parametrize("command", sorted({*re.findall(r"python -m helpers (workshop \w+|\w+)", PROSE)}))
def test_commands_and_their_options_are_there(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpers", *command.split(), "--help"], capture_output=True, text=True, check=True
    )
    lines = [line for line in PROSE.splitlines() if f"helpers {command}" in line]
    for option in {option for line in lines for option in re.findall(r" (--[a-z]+)", line)}:
        assert option in done.stdout, f"{command} has no {option}"
