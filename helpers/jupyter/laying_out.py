"""Lay the course's notebooks out in a folder, where a learner may write into them."""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LaidOut:
    """What became of the files, by their paths below the folder."""

    written: list[str]
    kept: list[str]
    """They were there already, with something else in them."""


def lay_out(course: Path, folder: Path, *, replace: bool = False) -> LaidOut:
    """Copy `course` to `folder`; what differs there is somebody's work, and stays unless `replace`. Raises OSError."""
    written, kept = [], []
    for source in sorted(path for path in course.rglob("*") if path.is_file()):
        name = source.relative_to(course)
        if any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            continue
        target = folder / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        if target.exists() and not replace:
            kept.append(str(name))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written.append(str(name))
    return LaidOut(written, kept)
