"""How long the whole course takes a machine: `make tour`, and the first cell of a notebook on a cold kernel."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_CELL = "from helpers import lab, display; lab.start()"


def tour() -> list[float]:
    """Seconds of each notebook on a tour of all, in the course's order; the last figure is the whole tour's."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "tour.py", "--to", folder], check=True, capture_output=True, text=True
        )
    return [float(seconds) for seconds in re.findall(r"^(?:\S+\.ipynb|all) +([\d.]+) s$", done.stdout, re.MULTILINE)]


def first_cell(home: str) -> float:
    """Seconds of a notebook's first cell in a fresh Python, kernel start not included."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", FIRST_CELL], check=True, env=dict(os.environ, LAB_HOME=home), stdout=subprocess.DEVNULL
    )
    return time.monotonic() - began


def down(home: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "helpers", "down"],
        check=True,
        env=dict(os.environ, LAB_HOME=home),
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        try:
            print(f"notebook_first_cell_cold {first_cell(home):.2f} s 5", flush=True)
            print(f"notebook_first_cell_again {first_cell(home):.2f} s 5", flush=True)
        finally:
            down(home)
    *notebooks, whole = tour()
    print(f"tour_of_00_to_04 {sum(notebooks[:5]):.1f} s 90")
    print(f"tour_of_{len(notebooks)}_notebooks {whole:.1f} s 240", flush=True)


if __name__ == "__main__":
    main()
