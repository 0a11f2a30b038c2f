"""An application's manifests in files and directories: what can't be read is a problem, and the rest goes on."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.lab.cluster import looking, session
from helpers.lab.cluster.api import Object
from helpers.lab.errors import LabError
from helpers.plain_text import clean_line
from helpers.policies.reading.gathering import Problem
from helpers.policies.reading.kinds import KUSTOMIZATIONS
from helpers.policies.reading.texts import MOST_BYTES, Reading, read
from helpers.policies.world import World

ENDINGS = (".yaml", ".yml", ".json")

_LOCK = ".#"
"""How the names of Emacs' lock files begin; they are links that lead nowhere."""


class NoFile(Exception):
    """A path that was given by name can't be read; the message says why."""


def application(*paths: str | Path, context: str = "", yes: bool = False) -> World:
    """The application that manifests declare: files, directories with all below them, or the output of a tool.

    With a `context` what runs in that cluster; as it may be somebody's, that is only read with `yes`. What can't be
    read is printed, a line each. Raises LabError when there is nothing to read.
    """
    if context:
        return World.of(_running(context, yes))
    reading = Reading()
    try:
        for path in paths:
            read_path(str(path), reading)
    except NoFile as error:
        raise LabError(f"{str(error)[:1].upper()}{str(error)[1:]}. Paths begin at {Path.cwd()}.") from None
    world = World.of(reading.objects)
    for problem in (*reading.problems, *world.problems):
        print(clean_line(str(problem)))
    if not world.objects:
        raise LabError("There is no Kubernetes object to read. Give a file or a directory of manifests.")
    return world


def _running(context: str, yes: bool) -> list[Object]:
    """What a cluster runs, and what is said of reading it."""
    what = f"{', '.join(looking.KINDS[:-1])} and {looking.KINDS[-1]} of the cluster {context!r}"
    if not yes:
        raise LabError(f"This reads {what}, and writes nothing there. If you mean that: add yes=True.")
    print(f"Reading {what}; nothing is written there.")
    return looking.objects(session.beside(context))


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
