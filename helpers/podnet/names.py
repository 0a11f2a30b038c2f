"""Names to addresses: asks the cluster's DNS over UDP, with the search list of a pod's resolv.conf."""

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.podnet import dns, places
from helpers.podnet.datagrams import Flow
from helpers.podnet.dialling import LookupTimedOut, UnknownName, Unreachable, gateway

DOMAIN = "cluster.local"
NDOTS = 5
SECONDS = 5.0
"""How long a lookup waits for an answer altogether; the question is asked again at half of it."""
PORT = 53


@dataclass(frozen=True)
class Found:
    """A name in full, and its IPv4 addresses; none if the name exists without any."""

    name: str
    addresses: tuple[str, ...]


def server() -> str:
    """The address of the cluster's DNS; "" outside a cluster of the lab."""
    return os.environ.get("NAMESERVER", "")


def is_address(text: str) -> bool:
    """Whether the text is an IPv4 address in numbers."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return False
    return True


def search(name: str) -> Iterator[str]:
    """The full names that `name` may mean, in the order in which they are asked for."""
    if name.endswith("."):
        yield name.rstrip(".")
        return
    namespace = os.environ.get("POD_NAMESPACE", "default")
    full = [f"{name}.{suffix}" for suffix in (f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN)]
    yield from [*full, name] if name.count(".") < NDOTS else [name, *full]


def resolve(name: str, timeout: float = SECONDS) -> Found:
    """The name's addresses. Raises UnknownName, or LookupTimedOut after `timeout` seconds."""
    if is_address(name):
        return Found(name, (name,))
    if name in (places.hostname(), "localhost"):
        return Found(name, (places.address() if name != "localhost" else "127.0.0.1",))
    if not gateway() or not server():
        return _of_machine(name)
    with Resolver(server(), timeout=timeout) as resolver:
        for full in search(name):
            message = resolver.ask(full)
            if message.code == dns.NO_ERROR:
                return Found(full, addresses(message))
    raise UnknownName("no such host")


def addresses(message: dns.Message) -> tuple[str, ...]:
    """The IPv4 addresses of an answer."""
    return tuple(answer.value for answer in message.answers if answer.kind == dns.TYPE_A)


class Resolver:
    """One flow to a DNS server, for as many questions as one likes; `timeout` seconds for each."""

    def __init__(self, address: str, port: int = PORT, timeout: float = SECONDS, tries: int = 2) -> None:
        self._flow = Flow(address, port)
        self._timeout = timeout
        self._tries = tries

    def __enter__(self) -> "Resolver":
        return self

    def __exit__(self, *_: object) -> None:
        self._flow.close()

    def ask(self, name: str, kind: int = dns.TYPE_A) -> dns.Message:
        """Raises LookupTimedOut, UnknownName for a name that DNS can't carry, Unreachable if nothing listens there."""
        number = int.from_bytes(os.urandom(2), "big")
        try:
            query = dns.question(number, name, kind)
        except ValueError:
            raise UnknownName("no such host") from None
        for _ in range(self._tries):
            self._flow.send(query)
            answer = self._wait(number, name, time.monotonic() + self._timeout / self._tries)
            if answer is not None:
                return answer
        raise LookupTimedOut("lookup: i/o timeout")

    def _wait(self, number: int, name: str, deadline: float) -> dns.Message | None:
        """The answer to this question; whatever else comes is passed over."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = dns.read(self._flow.receive(left))
            except TimeoutError:
                return None
            except ConnectionRefusedError:
                raise Unreachable("connection refused") from None
            except dns.Malformed:
                continue
            if message.number == number and message.flags & dns.RESPONSE and message.name.lower() == name.lower():
                return message
        return None


def _of_machine(name: str) -> Found:
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise (LookupTimedOut if error.errno == socket.EAI_AGAIN else UnknownName)(error.strerror) from None
    return Found(name, tuple(dict.fromkeys(str(where[0]) for *_, where in found)))
