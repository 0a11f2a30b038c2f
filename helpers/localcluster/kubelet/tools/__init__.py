"""The commands that people look at a network with: `wget`, `nc`, `nslookup`, `curl`, `dig` …, in every pod's PATH.

They go through the pod network, which the machine's own programs of these names don't, and speak as BusyBox's (curl's,
dig's) do: the same words, exit statuses and time-outs. Each is a function `main(arguments) -> exit status`.
"""

_MODULES = {
    **{name: name for name in ("wget", "curl", "nc", "nslookup", "dig", "ping", "telnet", "ip", "hostname", "busybox")},
    "redis-cli": "redis_cli",
    **{name: "nc" for name in ("ncat", "netcat")},
    **{
        name: "past"
        for name in (
            "traceroute",
            "tracepath",
            "mtr",
            "nmap",
            "tcpdump",
            "ssh",
            "iperf",
            "iperf3",
            "host",
            "arping",
            "fping",
        )
    },
}
TOOLS = tuple(_MODULES)
"""The commands by name."""


def module(name: str) -> str:
    """The module that a command lives in."""
    return f"{__name__}.{_MODULES[name]}"
