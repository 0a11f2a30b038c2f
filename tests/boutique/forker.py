"""Runs services of the shop for the tests: imports once, forks one process per line of JSON on stdin.

A line is {"name", "service", "environ", "log"}; the answer on stdout is the pid. At the end of stdin all children are
terminated and waited for.
"""

import contextlib
import json
import os
import signal
import sys
import time
import traceback

from helpers import boutique


def main() -> None:
    boutique.preload()
    children = []
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            run(order)
        children.append(pid)
        print(pid, flush=True)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if number == signal.SIGTERM:
            children = [pid for pid in children if not ended(pid)]


def run(order: dict) -> None:
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(order["environ"])
        boutique.main(order["service"])
        code = 0
    except SystemExit as end:
        print(end.code, file=sys.stderr, flush=True)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid: int) -> bool:
    for _ in range(100):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        time.sleep(0.02)
    return False


main()
