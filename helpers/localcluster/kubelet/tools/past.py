"""Programs that would go past the pod network, over this machine's own: they say so instead."""

import sys


def main(arguments: list[str]) -> int:
    """The exit status: always 1."""
    print(
        f"{sys.argv[0]}: in this lab's cluster it would leave the pod network and speak over this machine's own. "
        "What goes through the pod network: wget, curl, nc, nslookup, dig, ping, telnet, agnhost connect.",
        file=sys.stderr,
    )
    return 1
