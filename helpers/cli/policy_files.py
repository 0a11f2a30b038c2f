"""Manifests in files and directories: what can't be read is a problem, and the rest goes on."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.policies.reading.gathering import Problem
from helpers.policies.reading.kinds import KUSTOMIZATIONS
from helpers.policies.reading.texts import MOST_BYTES, Reading, read

ENDINGS = (".yaml", ".yml", ".json")

_LOCK = ".#"
"""How the names of Emacs' lock files begin; they are links that lead nowhere."""


class NoFile(Exception):
    """A path that was given by name can't be read; the message says why."""


def read_path(path: str, into: Reading) -> None:
    """Read a file, a directory with all below it, or with "-" standard input. Raises NoFile."""
    if path == "-":
        read(sys.stdin.buffer.read(MOST_BYTES + 1), "<stdin>", into)
    elif os.path.isdir(path):
        files = list(_files(Path(path), (), into))
        for file in files:
            _read_file(file, into)
        if not files:
            into.problems.append(Problem("", f"the directory has no {', '.join(ENDINGS)} file", path))
    else:
        _read_named(path, into)


def _read_named(path: str, into: Reading) -> None:
    """A file that was given by name may also be a pipe, as the shell makes one of `<(helm template …)`."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise NoFile(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise NoFile(f"{path} can't be read: {_told(error)}") from None
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise NoFile(f"{path} is neither a file nor a directory")
    _read_file(Path(path), into)


def _files(directory: Path, above: tuple[tuple[int, int], ...], into: Reading) -> Iterator[Path]:
    """The manifests below a directory, in the order of their names; `above` are the directories that hold it."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: (_is_directory(entry), entry.name))
        own = os.stat(directory)
    except OSError as error:
        into.problems.append(Problem("", f"it can't be read: {_told(error)}", str(directory)))
        return
    here = (own.st_dev, own.st_ino)
    if here in above:
        into.problems.append(Problem("", "it leads back to a directory that holds it", str(directory), minor=True))
        return
    for entry in entries:
        if _is_directory(entry):
            if not entry.name.startswith("."):
                yield from _files(Path(entry.path), (*above, here), into)
        elif entry.name.endswith(ENDINGS) or entry.name in KUSTOMIZATIONS:
            fault = _fault(entry)
            if fault:
                into.problems.append(Problem("", fault, entry.path, minor=entry.name.startswith(_LOCK)))
            else:
                yield Path(entry.path)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _fault(entry: os.DirEntry[str]) -> str:
    """Why a directory's entry is no file to read; empty for one that is."""
    try:
        if entry.is_file():
            return ""
        if not entry.is_symlink():
            return "it is no file, but a pipe, a socket or a device"
        if entry.name.startswith(_LOCK):
            return "it is an editor's lock file"
        return "it is a link to something that is no file" if os.path.exists(entry.path) else "the link leads nowhere"
    except OSError as error:
        return f"it can't be read: {_told(error)}"


def _read_file(path: Path, into: Reading) -> None:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        into.problems.append(Problem("", f"it can't be read: {_told(error)}", str(path)))
        return
    read(content, str(path), into)


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
