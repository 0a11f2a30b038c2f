"""The directory of small scripts that makes the commands of `TOOLS` and the images' own programs known to a shell."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

RUN = Path(__file__).with_name("run.py")


def write(directory: Path, names: Iterable[str]) -> None:
    """One script a name; written once, for all pods."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    python = shlex.join([sys.executable, "-IS", str(RUN)])
    for name in names:
        path = directory / name
        path.write_text(f'#!/bin/sh\nexec {python} {name} "$@"\n')
        path.chmod(0o700)
