"""`make bench`: run every benchmark, one line a figure: `name value unit target`.

    python -m benchmarks [PART OF A NAME …]

Each script in this folder that can be run alone is one; those in LONG only when they are named.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONG = {"day.py", "load.py", "policies_peer.py"}


def scripts(wanted: list[str]) -> list[Path]:
    """The scripts to run: all quick ones, or those whose name contains a wanted word."""
    found = [
        path
        for path in sorted(HERE.glob("*.py"))
        if path.name != "__main__.py" and '__name__ == "__main__"' in path.read_text()
    ]
    if wanted:
        return [path for path in found if any(word in path.stem for word in wanted)]
    return [path for path in found if path.name not in LONG]


def main(wanted: list[str]) -> int:
    """Run them one after the other, so that none disturbs another; 1 if one could not be measured."""
    failed = []
    for path in scripts(wanted):
        print(f"# {path.stem}", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, str(path)], cwd=HERE.parent).returncode:
            failed.append(path.name)
    if failed:
        print(f"Not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
