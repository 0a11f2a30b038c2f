"""The commands that people look at a network with: `wget`, `nc`, `nslookup`, `curl`, `dig` …, in every pod's PATH.

They go through the pod network, which the machine's own programs of these names don't, and speak as BusyBox's (curl's,
dig's) do: the same words, exit statuses and time-outs. Each is a function `main(arguments) -> exit status`.
"""

TOOLS = ("wget", "curl", "nc", "nslookup", "dig", "ping", "telnet", "ip", "hostname", "busybox")
"""By name; each lives in the module of this name."""


def module(name: str) -> str:
    """The module that a command lives in."""
    return f"{__name__}.{name}"
