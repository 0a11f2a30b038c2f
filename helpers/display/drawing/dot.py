"""Run graphviz: the system's `dot`, or `graphviz-pure`, which comes as a wheel. Text in, picture out."""

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from helpers.lab.errors import DrawingError

INSTALL = "Install one: python -m pip install graphviz-pure (or the system's graphviz), and run the cell again."
SECONDS = 30.0


def executable() -> str:
    """graphviz-pure next to this Python, else `dot` on the PATH. Raises DrawingError with how to get one.

    The wheel comes first: it is the same version on every machine, and faster on small graphs.
    """
    beside = Path(sys.executable).parent / "graphviz-pure"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("graphviz-pure") or shutil.which("dot")
    if not found:
        raise DrawingError(f"Nothing on this machine can draw graphs. {INSTALL}")
    return found


def draw(source: str, form: str, *options: str) -> bytes:
    """Turn a graph in the DOT language into `form` ("svg", "png", "json", …). Raises DrawingError."""
    return _draw(executable(), source, form, options)


@lru_cache(maxsize=64)
def _draw(program: str, source: str, form: str, options: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(
            [program, f"-T{form}", *options], input=source.encode(), capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise DrawingError(f"{program} did not draw the graph within {SECONDS:.0f} s.") from None
    except OSError as error:
        raise DrawingError(f"{program} cannot be run: {error.strerror}. {INSTALL}") from None
    if done.returncode:
        raise DrawingError(f"{program} could not draw the graph: {done.stderr.decode(errors='replace').strip()[:300]}")
    return done.stdout


def quoted(text: str) -> str:
    """A text as a DOT string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
