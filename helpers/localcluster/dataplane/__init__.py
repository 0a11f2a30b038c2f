"""Who may reach whom: the way from pod to pod, and the log of every attempt.

`Dataplane` is what the node asks of an implementation. `gateway.Gateway` works
anywhere without privileges: pods listen on UNIX sockets in private directories
and dial through one proxy, which judges each new connection.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Object = dict[str, Any]
"""A Kubernetes object as the API serves it."""


@dataclass(frozen=True)
class Attachment:
    """A pod's place in the network."""

    address: str
    """The pod's IP address."""
    environment: dict[str, str]
    """What its processes need to listen and to dial; add it to an otherwise empty environment."""
    directory: Path
    """Its listening sockets, `<port>.sock` each; mode 0700."""


class Dataplane(Protocol):
    """The network of a node."""

    name: str

    async def start(self) -> None:
        """Begin to carry connections."""

    async def stop(self) -> None:
        """Cut everything and leave no socket behind."""

    def attach(self, pod: Object) -> Attachment:
        """Give the pod an address; the same answer for the same uid."""

    def detach(self, uid: str) -> None:
        """Cut the pod's connections, free its address and remove its directory. An unknown uid is no error."""

    async def dial(self, uid: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from the node to a pod's port, which no policy forbids. Raises ConnectionRefusedError."""
