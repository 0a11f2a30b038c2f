"""What the commands that serve a class have in common: how attendees reach this machine, and whether over TLS."""

import argparse
from pathlib import Path

from helpers.workshop.entrance import Certificate


def add_options(parser: argparse.ArgumentParser) -> None:
    """The machine's name, and its certificate."""
    parser.add_argument("--name", help="how attendees reach this machine, if not by its address")
    parser.add_argument("--certificate", type=Path, help="PEM file of a certificate of your own, with its key or …")
    parser.add_argument("--key", type=Path, help="… its key in this file")
    parser.add_argument("--plain", action="store_true", help="http on the network: everybody there can read along")


def certificate(options: argparse.Namespace, host: str) -> Certificate:
    """The one that was given, else this machine's own. Raises LabError."""
    given = options.certificate
    return Certificate.given(given, options.key) if given else Certificate.own(host)


def address(host: str, port: int, secure: Certificate | None) -> str:
    """The URL's beginning, without a slash at its end."""
    named = f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{named}:{port}"
