"""StatefulSets and DaemonSets: names, order, rollouts, undoing."""

import asyncio
from typing import Any

from support.controllers import World, running, settled

from helpers.localcluster.api.kinds import DAEMON_SETS, NODES, STATEFUL_SETS

Object = dict[str, Any]


def stateful(world: World, replicas: int = 3, image: str = "db:1", **spec: Any) -> Object:
    made = world.deployment("db", replicas, image)
    made |= {"kind": "StatefulSet", "spec": {**made["spec"], "serviceName": "db", **spec}}
    return STATEFUL_SETS.default(made)


def daemon(world: World, image: str = "agent:1", **spec: Any) -> Object:
    made = world.deployment("agent", image=image)
    return DAEMON_SETS.default({**made, "kind": "DaemonSet", "spec": {**made["spec"], **spec}})


def names(world: World) -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in world.pods())


def change(world: World, key: str, name: str, **spec: Any) -> None:
    held = world.store.get(key, "default", name)
    assert held
    world.store.update(key, {**held, "spec": {**held["spec"], **spec}})


def status(world: World, key: str, name: str) -> Object:
    held = world.store.get(key, "default", name)
    assert held
    return dict(held["status"])


def test_names_stay_and_host_names_follow(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(STATEFUL_SETS.key, stateful(world))
            await settled(world)
            assert names(world) == ["db-0", "db-1", "db-2"]
            first = world.store.get("pods", "default", "db-0")
            assert first and (first["spec"]["hostname"], first["spec"]["subdomain"]) == ("db-0", "db")
            assert first["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
            world.store.delete("pods", "default", "db-1")
            await settled(world)
            assert names(world) == ["db-0", "db-1", "db-2"]
            held = status(world, STATEFUL_SETS.key, "db")
            assert held["readyReplicas"] == held["updatedReplicas"] == 3
            assert held["currentRevision"] == held["updateRevision"]

    asyncio.run(scenario())


def test_one_after_the_other(world: World) -> None:
    """The second waits until the first is Ready; of those that go, the last goes first."""

    async def scenario() -> None:
        world.healthy = lambda pod: pod["metadata"]["name"] != "db-1"
        async with running(world):
            world.store.create(STATEFUL_SETS.key, stateful(world))
            await settled(world)
            assert names(world) == ["db-0", "db-1"]
            world.healthy = lambda pod: True
            world.store.delete("pods", "default", "db-1")
            await settled(world)
            assert names(world) == ["db-0", "db-1", "db-2"]
            change(world, STATEFUL_SETS.key, "db", replicas=1)
            await settled(world)
            assert names(world) == ["db-0"]

    asyncio.run(scenario())


def test_in_parallel_nobody_waits(world: World) -> None:
    async def scenario() -> None:
        world.healthy = lambda pod: False
        async with running(world):
            world.store.create(STATEFUL_SETS.key, stateful(world, podManagementPolicy="Parallel"))
            await settled(world)
            assert names(world) == ["db-0", "db-1", "db-2"]

    asyncio.run(scenario())


def test_a_new_template_replaces_from_the_last_to_the_first(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(STATEFUL_SETS.key, stateful(world))
            await settled(world)
            gone: list[str] = []
            world.store.subscribe(lambda event: gone.append(event.object["metadata"]["name"])
                                  if (event.resource, event.type) == ("pods", "DELETED") else None)  # fmt: skip
            change(world, STATEFUL_SETS.key, "db", template=stateful(world, image="db:2")["spec"]["template"])
            await settled(world)
            assert gone == ["db-2", "db-1", "db-0"]
            assert world.images() == ["db:2"] * 3
            revisions = world.store.list("controllerrevisions.apps", "default")
            assert sorted(item["revision"] for item in revisions) == [1, 2]
            change(world, STATEFUL_SETS.key, "db", template=stateful(world)["spec"]["template"])  # rollout undo
            await settled(world)
            assert world.images() == ["db:1"] * 3
            revisions = world.store.list("controllerrevisions.apps", "default")
            assert sorted(item["revision"] for item in revisions) == [2, 3]

    asyncio.run(scenario())


def test_below_the_partition_the_earlier_template_stays(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(STATEFUL_SETS.key, stateful(world))
            await settled(world)
            strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
            template = stateful(world, image="db:2")["spec"]["template"]
            change(world, STATEFUL_SETS.key, "db", template=template, updateStrategy=strategy)
            await settled(world)
            assert world.images() == ["db:1", "db:1", "db:2"]
            world.store.delete("pods", "default", "db-0")
            await settled(world)
            assert world.images() == ["db:1", "db:1", "db:2"]

    asyncio.run(scenario())


def node(world: World, **labels: str) -> None:
    metadata = {"name": "lab-node", "labels": labels}
    world.store.create(NODES.key, {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}})


def test_a_daemon_runs_once_on_the_node_that_fits(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create(DAEMON_SETS.key, daemon(world))
            await settled(world)
            assert names(world) == []
            node(world, disk="ssd")
            await settled(world)
            assert len(world.pods()) == 1 and world.pods()[0]["spec"]["nodeName"] == "lab-node"
            assert status(world, DAEMON_SETS.key, "agent")["numberReady"] == 1
            template = daemon(world)["spec"]["template"]
            tight = {**template, "spec": {**template["spec"], "nodeSelector": {"disk": "hdd"}}}
            change(world, DAEMON_SETS.key, "agent", template=tight)
            await settled(world)
            assert names(world) == []
            assert status(world, DAEMON_SETS.key, "agent")["desiredNumberScheduled"] == 0

    asyncio.run(scenario())


def test_a_daemon_s_new_template_is_rolled_out(world: World) -> None:
    async def scenario() -> None:
        node(world)
        async with running(world):
            world.store.create(DAEMON_SETS.key, daemon(world))
            await settled(world)
            change(world, DAEMON_SETS.key, "agent", template=daemon(world, "agent:2")["spec"]["template"])
            await settled(world)
            assert world.images() == ["agent:2"]
            held = status(world, DAEMON_SETS.key, "agent")
            assert (held["updatedNumberScheduled"], held["numberAvailable"]) == (1, 1)

    asyncio.run(scenario())
