"""The directory that makes the commands of `TOOLS` and the images' own programs known to a shell."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

RUN = Path(__file__).with_name("run.py")


def write(directory: Path, names: Iterable[str]) -> None:
    """One small script under all names; written once, for all pods."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    first, *others = (os.path.join(directory, name) for name in names)
    python = shlex.join([sys.executable, "-IS", str(RUN)])
    with open(os.open(first, os.O_WRONLY | os.O_CREAT, 0o700), "w") as script:
        script.write(f'#!/bin/sh\nexec {python} "${{0##*/}}" "$@"\n')
    for path in others:
        os.link(first, path)
