"""Labels decide who manages what: pods are let go and taken, ReplicaSets too."""

import asyncio
from typing import Any

from support.controllers import World, running, settled

from helpers.localcluster.controllers.owners import controller_of

Object = dict[str, Any]


def _relabel(world: World, resource: str, obj: Object, **labels: str) -> None:
    metadata = {**obj["metadata"], "labels": {**obj["metadata"]["labels"], **labels}}
    world.store.update(resource, {**obj, "metadata": metadata})


def _orphan(world: World, resource: str, obj: Object) -> None:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "ownerReferences"}
    world.store.update(resource, {**obj, "metadata": metadata})


def test_a_relabelled_pod_is_let_go_and_replaced(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment())
            await settled(world)
            (first,) = world.pods()
            _relabel(world, "pods", first, app="quarantine")
            await settled(world)
            assert len(world.pods()) == 2
            kept = world.store.get("pods", "default", first["metadata"]["name"])
            assert kept is not None and controller_of(kept) is None
            assert world.status()["readyReplicas"] == 1

            _relabel(world, "pods", kept, app="web")
            await settled(world)
            assert len(world.pods()) == 1  # taken back, and one too many goes

    asyncio.run(scenario())


def test_a_pod_without_owner_is_taken_if_the_selector_fits(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment())
            await settled(world)
            (pod,) = world.pods()
            _orphan(world, "pods", pod)
            await settled(world)
            (same,) = world.pods()
            assert same["metadata"]["uid"] == pod["metadata"]["uid"]
            assert controller_of(same)

    asyncio.run(scenario())


def test_a_deployment_takes_over_what_an_orphaning_deletion_left(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=2))
            await settled(world)
            before = {pod["metadata"]["uid"] for pod in world.pods()}
            (item,) = world.store.list("replicasets.apps", "default")
            _orphan(world, "replicasets.apps", item)
            world.store.delete("deployments.apps", "default", "web")
            await settled(world)
            assert {pod["metadata"]["uid"] for pod in world.pods()} == before

            world.store.create("deployments.apps", world.deployment(replicas=2))
            await settled(world)
            assert {pod["metadata"]["uid"] for pod in world.pods()} == before
            assert world.status()["readyReplicas"] == 2

    asyncio.run(scenario())


def test_others_pods_are_left_alone(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment("web"))
            world.store.create("deployments.apps", world.deployment("other"))
            await settled(world)
            world.store.create("pods", {
                "apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
                "metadata": {"name": "lone", "namespace": "default", "labels": {"app": "web"}},
            })  # fmt: skip
            await settled(world)
            assert len(world.pods()) == 3  # `lone` lacks the template's hash, so nobody selects it
            (lone,) = [pod for pod in world.pods() if pod["metadata"]["name"] == "lone"]
            assert controller_of(lone) is None

    asyncio.run(scenario())


def test_a_thousand_pods_come_and_go(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=1000))
            while len(world.pods()) < 1000 or world.status().get("readyReplicas") != 1000:
                await asyncio.sleep(0.01)
            world.change(replicas=3)
            while len(world.pods()) > 3:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(scenario(), 30))
