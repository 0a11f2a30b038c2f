"""What a lab can be started with to be like other clusters, for trying what holds on those.

`LAB_POD_CIDR` is the pods' network, `LAB_ENDPOINTS_DELAY` the seconds after which the dataplane follows a change of
endpoints, as kube-proxy takes a moment, and `LAB_FLOW_LOG=off` serves no flow log. The node's process reads them once.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

POD_CIDR = "LAB_POD_CIDR"
DELAY = "LAB_ENDPOINTS_DELAY"
FLOW_LOG = "LAB_FLOW_LOG"
VARIABLES = (POD_CIDR, DELAY, FLOW_LOG)
TAKEN = tuple(map(ipaddress.IPv4Network, ("10.96.0.0/12", "172.20.0.0/16", "127.0.0.0/8", "203.0.113.0/24")))
"""Services, nodes, this machine, the outside: where pods can't be."""


@dataclass(frozen=True)
class Habits:
    """How this lab differs from others."""

    pod_network: ipaddress.IPv4Network
    endpoints_delay: float
    flow_log: bool

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Habits":
        """What the environment asks for. Raises ValueError with a sentence."""
        return cls(
            _network(variables.get(POD_CIDR) or "10.244.0.0/16"),
            _seconds(variables.get(DELAY) or "0"),
            variables.get(FLOW_LOG, "").lower() not in ("off", "0", "no"),
        )


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        network = None
    if network is None or network.prefixlen > 24 or any(network.overlaps(other) for other in TAKEN):
        raise ValueError(
            f"{POD_CIDR} is {text!r}: it takes a network such as 192.168.0.0/16, of at most 24 bits, and none of "
            f"{', '.join(map(str, TAKEN))}."
        )
    return network


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,2}(?:\.\d{1,3})?", text):
        raise ValueError(f"{DELAY} is {text!r}: it takes seconds, such as 0.5.")
    return float(text)


def here() -> Habits:
    """This process's own; what the environment says wrongly counts as not said, as `up` has refused it."""
    try:
        return Habits.of(os.environ)
    except ValueError:
        return Habits.of({})
