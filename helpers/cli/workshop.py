"""`python -m helpers workshop …`: what a teacher needs, one module a command, imported only when it is called."""

import argparse
import importlib
import sys

from helpers.lab.errors import LabError

COMMANDS = {
    "board": ("workshop_board", "show on one page where everybody is, and who needs help"),
    "seats": ("workshop_seats", "make a lab and a JupyterLab for each attendee, on this server"),
    "namespaces": ("workshop_namespaces", "make a namespace and a kubeconfig for each attendee, on a shared cluster"),
}


def main(name: str, argv: list[str]) -> int:
    """Run one of the commands; returns its exit status (0 fine, 1 failed, 2 bad input)."""
    parser = argparse.ArgumentParser(
        prog=f"python -m helpers {name}",
        description="What a teacher needs.",
        epilog="\n".join(f"  {command:<12} {text}" for command, (_, text) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        return int(importlib.import_module(f"helpers.cli.{COMMANDS[options.command][0]}").main(options.rest))
    except LabError as error:
        print(f"python -m helpers {name} {options.command}: {error}", file=sys.stderr)
        return 1
