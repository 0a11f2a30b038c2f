"""`python -m helpers COMMAND …`, or `hipster-lab COMMAND …`: the lab for scripts and terminals.

Each command lives in a module of `helpers.cli` and is imported only when it is
called, so that `up` does not pay for what `matrix` needs.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (this one file is read by older ones too)
    version = ".".join(map(str, sys.version_info[:3]))
    sys.exit(f"The course needs Python 3.11 or newer, and this is {version}, {sys.executable}. make lab finds one.")
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the current directory: a json.py in it must not take the place of Python's own

import errno
import importlib
import os
from typing import TextIO

from helpers.plain_text import guard_outputs

COMMANDS = {
    "lab": ("notebooks", "open the course in JupyterLab, over the cluster"),
    "notebooks": ("notebooks", "lay the course's notebooks out in a folder"),
    "up": ("cluster", "start the cluster and the shop; returns when all pods are Ready"),
    "down": ("cluster", "stop the cluster and leave nothing running"),
    "renew": ("cluster", "make a broken lab new; what was done of the course is kept"),
    "status": ("cluster", "say what runs and where"),
    "page": ("shop", "fetch a page of the shop as a browser would"),
    "restart": ("shop", "restart a Deployment and wait for it"),
    "flows": ("shop", "list the connections that the cluster judged"),
    "graph": ("shop", "draw the shop's pods, arrows and policies"),
    "matrix": ("policies", "list everything that may reach everything"),
    "can": ("policies", "answer whether one connection is allowed"),
    "explain": ("policies", "say why a connection is allowed or denied"),
    "diff": ("policies", "compare two sets of policies"),
    "lint": ("policies", "find the mistakes that the API server accepts"),
    "suggest": ("policies", "propose least-privilege policies"),
    "report": ("policies", "write a page about an application and its policies"),
    "rehearse": ("rehearse", "try an application's declared calls between stand-ins on the lab"),
    "workshop": ("workshop", "teach a class: a board of who is where, seats on one server"),
    "doctor": ("doctor", "check this machine and say what to mend"),
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: python -m helpers COMMAND [options]",
            "",
            *lines,
            "",
            "python -m helpers COMMAND --help says more about one command.",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status (0 fine or allowed, 1 denied or failed, 2 bad input)."""
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["help"]
    try:
        status = _run(name, arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        return 0
    except KeyboardInterrupt:
        print(f"\npython -m helpers {name}: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            told = "the disk is full. Free some disk space and run it again."
        elif error.filename is not None:
            told = f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}."
        else:
            raise
        print(f"python -m helpers {name}: {told}", file=sys.stderr)
        return 1
    finally:
        _let_go(sys.stdout)
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Forget what an output doesn't take: Python would complain of it at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(name: str, arguments: list[str]) -> int:
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name in COMMANDS:
        return int(importlib.import_module(f"helpers.cli.{COMMANDS[name][0]}").main(name, arguments))
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    print(f"python -m helpers: there is no command {name!r}.{hint}\n\n{usage()}", file=sys.stderr)
    return 2


def entry() -> int:
    """What `hipster-lab` and `python -m helpers` call."""
    guard_outputs()
    return main()


if __name__ == "__main__":
    sys.exit(entry())
