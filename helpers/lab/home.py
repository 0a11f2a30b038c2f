"""What the lab itself keeps in LAB_HOME: progress, cookies, the choice of a context.

The cluster keeps its own files there too and names them itself (`helpers.localcluster`).
"""

import json
import os
from pathlib import Path
from typing import Any

VARIABLE = "LAB_HOME"
DEFAULT = "~/.hipster-lab"


def home() -> Path:
    """The state directory: `LAB_HOME`, or `~/.hipster-lab`. It may not exist yet."""
    return Path(os.path.abspath(os.path.expanduser(os.environ.get(VARIABLE) or DEFAULT)))


def repository() -> Path:
    """The checkout that holds `helpers/` and `notebooks/`."""
    return Path(__file__).resolve().parents[2]


def read_json(name: str) -> dict[str, Any]:
    """Read one of the lab's files; a missing or damaged one is an empty mapping."""
    try:
        found = json.loads((home() / name).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(name: str, content: dict[str, Any]) -> None:
    """Replace one of the lab's files in one step, readable by its owner alone."""
    write_private(home() / name, json.dumps(content, indent=1, sort_keys=True) + "\n")


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step, readable by its owner alone; its directory is made if it is missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
