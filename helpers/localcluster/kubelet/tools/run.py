"""Runs a command by its name: what the small scripts in a pod's PATH start, with an isolated Python.

`python -IS run.py wget …`
"""

import importlib
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def main(words: list[str]) -> int:
    """Run the command; its exit status."""
    from helpers.localcluster.kubelet import images

    module, function = images.PROGRAMS[words[0]]
    sys.argv = words
    return int(getattr(importlib.import_module(module), function)(words[1:]) or 0)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
