"""A store with controllers and a kubelet that makes every pod Ready at once, or never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from helpers.localcluster.api.storage.store import Event, Store, now
from helpers.localcluster.controllers import Controllers

Object = dict[str, Any]


class World:
    """What a test touches: the store, and how pods fare."""

    def __init__(self) -> None:
        self.store = Store()
        self.healthy: Callable[[Object], bool] = lambda pod: True
        self._addresses = 1

    def play_kubelet(self, event: Event) -> None:
        if event.resource != "pods" or event.type == "DELETED":
            return
        pod = event.object
        asyncio.get_running_loop().call_soon(self._serve, pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _serve(self, namespace: str, name: str) -> None:
        pod = self.store.get("pods", namespace, name)
        if pod is None:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self.store.delete("pods", namespace, name)
        elif pod.get("status", {}).get("phase") == "Pending":
            self._addresses += 1
            ready = "True" if self.healthy(pod) else "False"
            condition = {"type": "Ready", "status": ready, "lastTransitionTime": now()}
            status = {"phase": "Running", "podIP": f"10.244.0.{self._addresses}", "conditions": [condition]}
            self.store.update_status("pods", namespace, name, status)

    def deployment(self, name: str = "web", replicas: int = 1, image: str = "web:1", **spec: Any) -> Object:
        container = {"name": "main", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        selector = {"matchLabels": {"app": name}}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
        }

    def change(self, name: str = "web", **spec: Any) -> None:
        held = self.store.get("deployments.apps", "default", name)
        assert held is not None
        self.store.update("deployments.apps", {**held, "spec": {**held["spec"], **spec}})

    def reimage(self, image: str, name: str = "web") -> None:
        template = self.deployment(name, image=image)["spec"]["template"]
        self.change(name, template=template)

    def pods(self) -> list[Object]:
        return self.store.list("pods", "default")

    def images(self) -> list[str]:
        return sorted(pod["spec"]["containers"][0]["image"] for pod in self.pods())

    def status(self, name: str = "web") -> Object:
        held = self.store.get("deployments.apps", "default", name)
        assert held is not None
        return dict(held.get("status") or {})

    def condition(self, kind: str, name: str = "web") -> Object:
        return next(item for item in self.status(name)["conditions"] if item["type"] == kind)


async def settled(world: World) -> None:
    """Wait until no controller has anything left to do at once."""
    quiet, revision = 0, -1
    while quiet < 20:
        await asyncio.sleep(0)
        quiet = quiet + 1 if world.store.revision == revision else 0
        revision = world.store.revision


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    controllers = Controllers(world.store)
    stop_kubelet = world.store.subscribe(world.play_kubelet)
    controllers.start()
    await settled(world)
    try:
        yield world
        await settled(world)
    finally:
        stop_kubelet()
        controllers.stop()


@pytest.fixture
def world() -> World:
    return World()
