"""What the lab itself keeps in LAB_HOME: progress, cookies, the choice of a context.

The cluster keeps its own files there too and names them itself (`helpers.localcluster`).
"""

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from helpers.lab.errors import LabError
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.private import HomeError


def home() -> Path:
    """The state directory: `LAB_HOME`, or `~/.hipster-lab`. It may not exist yet."""
    return Home.of_environment().root


def repository() -> Path:
    """The checkout that holds `helpers/` and `notebooks/`."""
    return Path(__file__).resolve().parents[2]


def notebooks() -> Path:
    """The course's notebooks: the checkout's, or those that were installed with the package."""
    checkout = repository() / "notebooks"
    return checkout if checkout.is_dir() else repository() / "helpers" / "notebooks"


def lessons(folder: Path | None = None) -> list[Path]:
    """The course's notebooks in their order, or those of another folder."""
    return sorted((folder or notebooks()).glob("[0-9][0-9]-*.ipynb"))


def read_json(name: str) -> dict[str, Any]:
    """Read one of the lab's files; a missing or damaged one is an empty mapping."""
    try:
        found = json.loads((home() / name).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(name: str, content: dict[str, Any]) -> None:
    """Keep one of the lab's files, readable by its owner alone. What can't be kept is said, and all else goes on."""
    try:
        write(name, json.dumps(content, indent=1, sort_keys=True) + "\n")
    except LabError as error:
        print(f"{name} was not kept: {error}", file=sys.stderr)


def update_json(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Replace one of the lab's files by what `change` makes of it, while no other kernel does; returns that."""
    with _alone():
        content = change(read_json(name))
        write_json(name, content)
    return content


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time. A home that can't be locked, or isn't there yet, has no other process to wait for."""
    try:
        descriptor = os.open(home(), os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def folder(name: str) -> Path:
    """One of the lab's folders, its owner's alone, made if it isn't there. Raises LabError."""
    try:
        return Home.of_environment().folder(name)
    except HomeError as error:
        raise LabError(str(error)) from None


def write(name: str, content: str) -> Path:
    """Replace a file in one step, readable by its owner alone; returns its path. Raises LabError."""
    path = home() / name
    with contextlib.suppress(OSError, ValueError):
        if path.read_text("utf-8") == content:  # a full disk has no room for the same once more
            return path
    try:
        Home.of_environment().write(name, content)
    except HomeError as error:
        raise LabError(str(error)) from None
    return path
