"""The numbers of the lab's network, and which pod has which address."""

import ipaddress

POD_NETWORK = ipaddress.ip_network("10.244.0.0/16")
NODE_ADDRESS = "172.20.0.2"
API_PORT = 6443
"""Where the API answers, as seen from pods: NODE_ADDRESS:API_PORT behind the Service `kubernetes`."""
DNS_SERVICE = ("kube-system", "kube-dns")
DNS_PORT = 53
OUTSIDE_ADDRESS = "198.51.100.1"
"""The source address of a browser that comes in from outside the cluster."""


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
