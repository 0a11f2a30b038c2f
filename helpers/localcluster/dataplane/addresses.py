"""The numbers of the lab's network, and which pod has which address."""

import ipaddress
import re
import zlib

from helpers.localcluster import habits

POD_NETWORK = habits.here().pod_network
SERVICE_NETWORK = ipaddress.ip_network("10.96.0.0/12")
NODE_NETWORK = ipaddress.ip_network("172.20.0.0/16")
NODE_ADDRESS = "172.20.0.2"
API_PORT = 6443
"""Where the API answers, as seen from pods: NODE_ADDRESS:API_PORT behind the Service `kubernetes`."""
DNS_SERVICE = ("kube-system", "kube-dns")
DNS_PORT = 53
OUTSIDE_ADDRESS = "198.51.100.1"
"""The source address of a browser that comes in from outside the cluster."""

OUTSIDE_NETWORK = ipaddress.ip_network("203.0.113.0/24")
"""Where names of the outside have their addresses: a network that is set aside for examples."""
_OUTSIDE_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:com|edu|gov|info|io|net|org)")


class AddressesExhausted(Exception):
    """Every address of the pod network is taken."""


class AddressPool:
    """Pod addresses, handed out in turn so that a freed one is not given to the next pod at once."""

    def __init__(self, first: int = 5) -> None:
        self._next = self._first = first
        self._taken: set[str] = set()

    def take(self, wanted: str | None = None) -> str:
        """An address that is free: the wanted one if it is a pod address. Raises AddressesExhausted."""
        if wanted and wanted not in self._taken and is_pod_address(wanted):
            self._taken.add(wanted)
            return wanted
        size = POD_NETWORK.num_addresses - 1
        for _ in range(size):
            candidate = str(POD_NETWORK[self._next])
            self._next = self._next + 1 if self._next + 1 < size else self._first
            if candidate not in self._taken:
                self._taken.add(candidate)
                return candidate
        raise AddressesExhausted(f"all addresses of {POD_NETWORK} are in use; delete some pods")

    def release(self, address: str) -> None:
        """Give an address back; the node's own is shared and stays."""
        self._taken.discard(address)


def outside_address(name: str) -> str | None:
    """The address that the lab gives to a name of the outside, such as `www.example.com`; None if it is none."""
    if len(name) > 253 or not _OUTSIDE_NAME.fullmatch(name):
        return None
    return str(OUTSIDE_NETWORK[1 + zlib.crc32(name.encode()) % 254])


def is_outside(text: str) -> bool:
    """Whether an address belongs to nothing of the cluster: no pod, no Service, not the node."""
    address = parse(text)
    inside = (POD_NETWORK, SERVICE_NETWORK, NODE_NETWORK)
    return (
        address is not None
        and address.version == 4
        and address.is_loopback is False
        and not any(address in network for network in inside)
    )


def is_pod_address(text: str) -> bool:
    """Whether the text is an address of the pod network."""
    address = parse(text)
    return address is not None and address.version == 4 and address in POD_NETWORK


def parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that the text spells, or None if it is a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
