"""Deployments and ReplicaSets: scale, roll, fail, undo."""

import asyncio

from support.controllers import World, running, settled


def test_a_deployment_gets_its_pods(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=3))
            await settled(world)
            assert len(world.pods()) == 3
            labels = world.pods()[0]["metadata"]["labels"]
            assert labels["app"] == "web" and len(labels["pod-template-hash"]) == 10
            status = world.status()
            assert (status["replicas"], status["readyReplicas"], status["updatedReplicas"]) == (3, 3, 3)
            assert world.condition("Progressing")["reason"] == "NewReplicaSetAvailable"
            assert world.condition("Available")["status"] == "True"

    asyncio.run(scenario())


def test_scaling_down_keeps_the_ready_pods(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=1))
            await settled(world)
            first = world.pods()[0]["metadata"]["name"]
            world.healthy = lambda pod: False
            world.change(replicas=3)
            await settled(world)
            assert len(world.pods()) == 3
            world.change(replicas=1)
            await settled(world)
            assert [pod["metadata"]["name"] for pod in world.pods()] == [first]

    asyncio.run(scenario())


def test_a_new_image_rolls_and_the_old_set_stays_for_undo(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=4))
            await settled(world)
            world.reimage("web:2")
            await settled(world)
            assert world.images() == ["web:2"] * 4
            sets = world.store.list("replicasets.apps", "default")
            assert sorted(item["spec"]["replicas"] for item in sets) == [0, 4]
            deployment = world.store.get("deployments.apps", "default", "web")
            assert deployment and deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"

            world.reimage("web:1")  # what `rollout undo` does
            await settled(world)
            assert world.images() == ["web:1"] * 4
            deployment = world.store.get("deployments.apps", "default", "web")
            assert deployment and deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
            assert len(world.store.list("replicasets.apps", "default")) == 2

    asyncio.run(scenario())


def test_a_rollout_never_goes_below_what_must_be_available(world: World) -> None:
    lowest: list[int] = []

    def watch(event: object) -> None:
        ready = sum(pod.get("status", {}).get("phase") == "Running" for pod in world.pods())
        alive = sum(not pod["metadata"].get("deletionTimestamp") for pod in world.pods())
        lowest.append(min(ready, alive))

    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=4))
            await settled(world)
            stop = world.store.subscribe(watch)
            world.reimage("web:2")
            await settled(world)
            stop()

    asyncio.run(scenario())
    assert min(lowest) >= 3


def test_a_broken_image_leaves_the_old_pods_serving(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=4))
            await settled(world)
            world.healthy = lambda pod: pod["spec"]["containers"][0]["image"] != "web:broken"
            world.reimage("web:broken")
            await settled(world)
            assert world.images().count("web:1") == 3
            assert world.condition("Progressing")["reason"] == "ReplicaSetUpdated"
            assert world.condition("Available")["status"] == "True"
            world.reimage("web:1")
            await settled(world)
            assert world.images() == ["web:1"] * 4

    asyncio.run(scenario())


def test_recreate_never_mixes_versions(world: World) -> None:
    mixed: list[list[str]] = []

    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=2, strategy={"type": "Recreate"}))
            await settled(world)
            stop = world.store.subscribe(lambda event: mixed.append(sorted(set(world.images()))))
            world.reimage("web:2")
            await settled(world)
            stop()
            assert world.images() == ["web:2"] * 2

    asyncio.run(scenario())
    assert ["web:1", "web:2"] not in mixed


def test_a_paused_deployment_scales_but_does_not_roll(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=1))
            await settled(world)
            world.change(paused=True)
            world.reimage("web:2")
            world.change(replicas=2)
            await settled(world)
            assert world.images() == ["web:1"] * 2
            world.change(paused=False)
            await settled(world)
            assert world.images() == ["web:2"] * 2

    asyncio.run(scenario())


def test_history_is_bounded(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(revisionHistoryLimit=2))
            for number in range(6):
                world.reimage(f"web:{number}")
                await settled(world)
            assert len(world.store.list("replicasets.apps", "default")) == 3

    asyncio.run(scenario())


def test_a_stuck_rollout_is_reported(world: World) -> None:
    world.healthy = lambda pod: False

    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(progressDeadlineSeconds=1))
            await settled(world)
            assert world.condition("Progressing")["reason"] == "ReplicaSetUpdated"
            await asyncio.sleep(2.3)
            assert world.condition("Progressing")["reason"] == "ProgressDeadlineExceeded"

    asyncio.run(scenario())


def test_min_ready_seconds_delays_availability(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(minReadySeconds=1))
            await settled(world)
            assert world.status().get("availableReplicas", 0) == 0
            await asyncio.sleep(2.3)
            assert world.status()["availableReplicas"] == 1

    asyncio.run(scenario())


def test_min_ready_seconds_may_be_changed_later(world: World) -> None:
    def patience() -> object:
        return world.store.list("replicasets.apps")[0]["spec"].get("minReadySeconds")

    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment())
            await settled(world)
            for seconds, expected in ((5, 5), (0, None)):
                world.change(minReadySeconds=seconds)
                await settled(world)
                assert patience() == expected

    asyncio.run(scenario())


def test_a_deleted_deployment_takes_everything_along(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("deployments.apps", world.deployment(replicas=2))
            await settled(world)
            world.store.delete("deployments.apps", "default", "web")
            await settled(world)
            assert not world.pods() and not world.store.list("replicasets.apps")

    asyncio.run(scenario())


def test_orphans_of_a_crash_are_collected_at_start(world: World) -> None:
    gone = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "long-gone", "controller": True}
    metadata = {"name": "web-old", "namespace": "default", "ownerReferences": [gone]}
    spec = {**world.deployment()["spec"], "replicas": 0}
    orphan = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
    world.store.create("replicasets.apps", orphan)

    async def scenario() -> None:
        async with running(world):
            assert not world.store.list("replicasets.apps")

    asyncio.run(scenario())
