"""`ip addr`, `ip link`, `ip route`: the pod's one interface, as it looks from within."""

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import places

LOOPBACK = (
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n"
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"
)
OBJECTS = ("address", "link", "route")
GATEWAY = "169.254.1.1"


def main(arguments: list[str]) -> int:
    """The exit status. Only looking is served: a pod can't change its interface."""
    words = [word for word in arguments if not word.startswith("-")]
    shown = next((name for name in OBJECTS if words and name.startswith(words[0])), None)
    try:
        if shown is None:
            raise Fault(1, "Usage: ip addr|link|route [show]")
        if len(words) > 1 and words[1] not in ("show", "list", "s", "ls", "dev"):
            raise Fault(2, "ip: RTNETLINK answers: Operation not permitted")
    except Fault as fault:
        return options.ended(fault)
    print(_text(shown))
    return 0


def _text(shown: str) -> str:
    address = places.address()
    if shown == "route":
        return f"default via {GATEWAY} dev eth0\n{GATEWAY} dev eth0 scope link"
    hardware = "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))
    ethernet = (
        "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue\n"
        f"    link/ether {hardware} brd ff:ff:ff:ff:ff:ff"
    )
    if shown == "link":
        return f"{LOOPBACK}\n{ethernet}"
    forever = "       valid_lft forever preferred_lft forever"
    return (
        f"{LOOPBACK}\n    inet 127.0.0.1/8 scope host lo\n{forever}\n"
        f"{ethernet}\n    inet {address}/32 scope global eth0\n{forever}"
    )
