"""How long the whole course takes a machine: `make tour`, and the first cell of a notebook on a cold kernel."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_CELL = "from helpers import lab, display; lab.start()"


def tour() -> float:
    """Seconds of a tour of all notebooks, cluster start and end included."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        subprocess.run([sys.executable, ROOT / "tools" / "tour.py", "--to", folder], check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - began


def first_cell(home: str) -> float:
    """Seconds of a notebook's first cell in a fresh Python, kernel start not included."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", FIRST_CELL], check=True, env=dict(os.environ, LAB_HOME=home),
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def down(home: str) -> None:
    subprocess.run([sys.executable, "-m", "helpers", "down"], check=True, env=dict(os.environ, LAB_HOME=home),
                   stdout=subprocess.DEVNULL, cwd=ROOT)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        try:
            print(f"notebook_first_cell_cold {first_cell(home):.2f} s 5", flush=True)
            print(f"notebook_first_cell_again {first_cell(home):.2f} s 5", flush=True)
        finally:
            down(home)
    notebooks = len(list((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")))
    print(f"tour_of_{notebooks}_notebooks {tour():.1f} s {90 if notebooks <= 5 else 240}", flush=True)


if __name__ == "__main__":
    main()
