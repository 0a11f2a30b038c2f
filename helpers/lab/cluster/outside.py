"""Try a Service from outside the cluster, where policies for that traffic apply: a port-forward goes past them."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from helpers.lab.cluster import local
from helpers.lab.cluster.api import Cluster, Object
from helpers.lab.errors import LabError, NotFound

NAME = "outside"
_OPEN = ("LoadBalancer", "NodePort")
_ANSWERS = {502: "refused", 503: "refused", 504: "dropped"}
_ADDRESSES = ("ExternalIP", "InternalIP")


def attempt(cluster: Cluster, target: str, timeout: float) -> tuple[str, str]:
    """What came of connecting to a Service from this machine: the answer as `Probe` has it, and the detail.

    `target` is the Service's name, with or without its port. Raises LabError if it isn't open to the outside.
    """
    name, _, port = target.partition(":")
    if cluster.entered and name.startswith("frontend"):
        return _by_entrance(timeout)
    places = [*_places(cluster, _opened(cluster, name), port)]
    if not places:
        raise LabError(f"The Service {name!r} has no address for the outside yet. Look at: kubectl get services")
    answers = [_connect(place, timeout / len(places)) for place in places]
    if "connected" in answers:
        return "connected", ""
    answer = "refused" if "refused" in answers else "dropped"
    tried = ", ".join(f"{host}:{number}" for host, number in places)
    return answer, f"tried {tried}; a firewall before the cluster looks the same as a policy"


def _by_entrance(timeout: float) -> tuple[str, str]:
    """The local cluster's own entrance, where the shop's visitors come from outside."""
    parts = urlsplit(local.shop_url() or "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path}_healthz")
        return _ANSWERS.get(connection.getresponse().status, "connected"), ""
    except TimeoutError:
        return "dropped", ""
    except (OSError, http.client.HTTPException):
        return "refused", ""
    finally:
        connection.close()


def _opened(cluster: Cluster, name: str) -> Object:
    """The Service of this name, or its like for the outside (`frontend-external`)."""
    for wanted in (name, f"{name}-external"):
        try:
            found = cluster.get("services", wanted)
        except NotFound:
            continue
        if found["spec"].get("type") in _OPEN:
            return found
    raise LabError(
        f"No Service {name!r} is open to the outside in the namespace {cluster.namespace}: "
        "it takes one of type NodePort or LoadBalancer."
    )


def _places(cluster: Cluster, service: Object, port: str) -> Iterator[tuple[str, int]]:
    """Addresses and ports of a Service for the outside: its load balancer's, else a port on the nodes."""
    ports = [item for item in service["spec"].get("ports") or [] if port in ("", str(item["port"]))]
    if not ports:
        raise LabError(f"The Service {service['metadata']['name']} has no port {port}.")
    balancers = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    for balancer in balancers:
        yield str(balancer.get("ip") or balancer.get("hostname")), int(ports[0]["port"])
    number = ports[0].get("nodePort")
    if balancers or not number:
        return
    if cluster.local:
        yield "127.0.0.1", int(number)
        return
    for node in cluster.list("nodes"):
        known = {item["type"]: item["address"] for item in (node.get("status") or {}).get("addresses") or []}
        address = next((known[kind] for kind in _ADDRESSES if kind in known), None)
        if address:
            yield str(address), int(number)


def _connect(place: tuple[str, int], timeout: float) -> str:
    """An answer counts, and no connection alone: a load balancer takes that before anybody has judged it."""
    try:
        with socket.create_connection(place, timeout=timeout) as caller:
            caller.sendall(b"GET / HTTP/1.0\r\nHost: shop\r\n\r\n")
            return "connected" if caller.recv(1) else "refused"
    except (ConnectionRefusedError, ConnectionResetError):
        return "refused"
    except OSError:
        return "dropped"
