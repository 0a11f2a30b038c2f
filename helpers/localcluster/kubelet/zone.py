"""The names that the cluster's DNS pods serve, written to their directories when Services change."""

import asyncio
import contextlib
import json
import os
from typing import Any, Protocol

from helpers.localcluster.api.store import Store
from helpers.localcluster.kubelet import images

Object = dict[str, Any]
FILE = "zone.json"


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

    def changed(self) -> None:
        """Services have changed: write soon, once for many changes."""
        if self._followers and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._due = False
        text = json.dumps(names(self._store.list("services")))
        for follower in self._followers.values():
            path = os.path.join(follower.home, FILE)
            with contextlib.suppress(OSError):
                with open(f"{path}.new", "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(f"{path}.new", path)


def names(services: list[Object]) -> dict[str, str]:
    """`NAME.NAMESPACE` -> cluster address; empty for a Service that has none of its own."""
    found = {}
    for service in services:
        address = service["spec"].get("clusterIP") or ""
        key = f"{service['metadata']['name']}.{service['metadata']['namespace']}"
        found[key] = "" if address == "None" else address
    return found


def _serves_names(reference: str) -> bool:
    image = images.find(reference)
    return image is not None and image.call[0].endswith(".coredns")
