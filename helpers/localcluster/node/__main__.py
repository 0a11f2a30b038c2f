"""The node's process: `python -m helpers.localcluster.node HOME FD`.

Started by `launch`, which waits on the descriptor FD for one JSON line: {} when
everything serves, or {"error": sentence}. The node ends on SIGTERM, and takes
everything that it started with it.
"""

import json
import os
import sys
from pathlib import Path

from helpers.localcluster.node import nodelog
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.processes import Lock


def main() -> int:
    """Run the node until it is told to end; returns the exit status."""
    os.umask(0o077)
    home, descriptor = Home(Path(sys.argv[1])), int(sys.argv[2])
    nodelog.start(home.node_log)
    os.set_inheritable(descriptor, False)
    with Lock(home.node_lock) as lock, os.fdopen(descriptor, "w", encoding="utf-8") as pipe:

        def report(problem: str | None) -> None:
            pipe.write(json.dumps({"error": problem} if problem else {}) + "\n")
            pipe.close()

        if not lock.take(1.0):
            report(f"Another node runs in {home.root}.")
            return 1
        # The fork server imports the shop, which takes longest: it begins before this process imports the rest.
        from helpers.localcluster.kubelet.processes.forkserver import ForkServer

        fork_server = ForkServer()
        fork_server.launch()
        from helpers.localcluster.node.assembly import serve

        return serve(home, fork_server, report)


if __name__ == "__main__":
    sys.exit(main())
