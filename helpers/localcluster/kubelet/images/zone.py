"""The names that the cluster's DNS pods serve, written to their directories when Services change."""

import asyncio
import contextlib
import json
import os
from typing import Any, Protocol

from helpers.localcluster.api.storage.store import Event, Store
from helpers.localcluster.kubelet import images

Object = dict[str, Any]
FILE = "zone.json"
DOMAIN = "cluster.local"
SERVICES, SLICES = "services", "endpointslices.discovery.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"


class Follower(Protocol):
    """A pod that may be a DNS server."""

    uid: str
    pod: Object

    @property
    def home(self) -> "os.PathLike[str]": ...


class ZoneWriter:
    """Keeps `zone.json` in the directory of every DNS pod up to date."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: dict[str, Follower] = {}
        self._due = False

    def follow(self, pod: Follower) -> None:
        """Begin with a pod, if it is a DNS server."""
        if any(_serves_names(container["image"]) for container in pod.pod["spec"]["containers"]):
            self._followers[pod.uid] = pod
            self.changed()

    def unfollow(self, pod: Follower) -> None:
        """A pod has ended."""
        self._followers.pop(pod.uid, None)

    def notice(self, event: Event) -> None:
        """Take in one event of the store."""
        if event.resource == SERVICES or (event.resource == SLICES and self._is_named(event.object)):
            self.changed()

    def _is_named(self, part: Object) -> bool:
        """Whether a slice's addresses have names: those behind a Service without an address of its own."""
        name = (part["metadata"].get("labels") or {}).get(SERVICE_NAME) or ""
        service = self._store.get(SERVICES, part["metadata"]["namespace"], name)
        return service is not None and service["spec"].get("clusterIP") == "None"

    def changed(self) -> None:
        """Names have changed: write soon, once for many changes."""
        if self._followers and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._due = False
        text = json.dumps(names(self._store.list(SERVICES), self._store.list(SLICES)))
        for follower in self._followers.values():
            path = os.path.join(follower.home, FILE)
            with contextlib.suppress(OSError):
                with open(f"{path}.new", "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(f"{path}.new", path)


def names(services: list[Object], slices: list[Object]) -> dict[str, str]:
    """`NAME.NAMESPACE` -> cluster address, or that of a pod behind it where a Service has none of its own.

    A pod with a host name behind a Service has a name too: `HOSTNAME.NAME.NAMESPACE`. An ExternalName has the address
    of the Service that it leads to; empty if that is none of the cluster's.
    """
    found, aliases = {}, {}
    for service in services:
        address = service["spec"].get("clusterIP") or ""
        key = f"{service['metadata']['name']}.{service['metadata']['namespace']}"
        found[key] = "" if address == "None" else address
        if service["spec"].get("externalName"):
            aliases[key] = service["spec"]["externalName"].rstrip(".").lower().removesuffix(f".svc.{DOMAIN}")
    for part in slices:
        name = (part["metadata"].get("labels") or {}).get(SERVICE_NAME)
        key = f"{name}.{part['metadata']['namespace']}"
        for endpoint in part.get("endpoints") or ():
            if key in found and (endpoint.get("conditions") or {}).get("ready", True) is not False:
                found[key] = found[key] or endpoint["addresses"][0]
                if endpoint.get("hostname"):
                    found[f"{endpoint['hostname']}.{key}"] = endpoint["addresses"][0]
    return {**found, **{key: found.get(alias, "") for key, alias in aliases.items()}}


def _serves_names(reference: str) -> bool:
    image = images.find(reference)
    return image is not None and image.call is not None and image.call[0].endswith(".coredns")
