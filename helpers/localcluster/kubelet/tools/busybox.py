"""`busybox APPLET …`: one of the commands here, or the machine's program of that name."""

import importlib
import os
import sys

from helpers.localcluster.kubelet.tools import TOOLS, module


def main(arguments: list[str]) -> int:
    """The exit status of the applet; 127 if there is none."""
    if not arguments:
        print(f"BusyBox, as this lab's cluster plays it. Applets: {', '.join(TOOLS)}; others are the machine's.")
        return 0
    name, *rest = arguments
    if name in TOOLS and name != "busybox":
        return int(importlib.import_module(module(name)).main(rest))
    try:
        os.execvp(name, arguments)
    except OSError:
        print(f"{name}: applet not found", file=sys.stderr)
        return 127
