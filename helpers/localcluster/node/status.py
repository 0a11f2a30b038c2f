"""What the command line says about a cluster. The node answers on a socket of its own, without TLS or a client."""

import json
import socket
from dataclasses import asdict, dataclass, field
from typing import Any

from helpers.localcluster.node.home import Home
from helpers.localcluster.node.kubeconfig import CLUSTER
from helpers.localcluster.node.processes import holder

CONTROL = "node.sock"
"""Below `run/`: whoever connects is told pids and pods as one JSON object."""


@dataclass(frozen=True)
class Status:
    """One cluster, running or not."""

    state_dir: str
    kubeconfig: str
    context: str = CLUSTER
    server: str | None = None
    """None when the cluster doesn't run."""
    dataplane: str | None = None
    pids: dict[str, int] = field(default_factory=dict)
    """Process ids by name: `node`, `zygote`, and each pod's main process by the pod's name."""
    pods: list[dict[str, Any]] = field(default_factory=list)
    """namespace, name, ready, status, restarts and address of each pod."""
    shop_url: str | None = None

    @property
    def running(self) -> bool:
        """Whether the cluster answers."""
        return self.server is not None

    def as_dict(self) -> dict[str, Any]:
        """For JSON, the keys in the order in which people ask for them."""
        fields = asdict(self)
        return {
            key: fields[key]
            for key in ("kubeconfig", "server", "context", "dataplane", "state_dir", "pids", "pods", "shop_url")
        }


def node_facts(home: Home) -> dict[str, Any] | None:
    """What the running node wrote about itself; None if none runs, or it isn't ready yet."""
    if holder(home.node_lock) is None:
        return None
    try:
        facts: dict[str, Any] = json.loads(home.node_json.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return facts


def read(home: Home) -> Status:
    """The cluster of this home as it is now."""
    stopped = Status(str(home.root), str(home.kubeconfig))
    facts = node_facts(home)
    if facts is None:
        return stopped
    try:
        told = ask(home)
    except (OSError, ValueError):
        # It has just gone, or is so busy that it says nothing: its process is what is known.
        told = {"pids": {"node": facts["pid"]}, "pods": []}
    return Status(
        stopped.state_dir,
        stopped.kubeconfig,
        server=facts["server"],
        dataplane=facts["dataplane"],
        pids=told["pids"],
        pods=told["pods"],
        shop_url=facts["shop_url"],
    )


def ask(home: Home, seconds: float = 5.0) -> dict[str, Any]:
    """What the node tells on its socket. Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(seconds)
        link.connect(str(home.run / CONTROL))
        parts = []
        while part := link.recv(65536):
            parts.append(part)
    told: dict[str, Any] = json.loads(b"".join(parts))
    return told
