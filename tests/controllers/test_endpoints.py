"""EndpointSlices and the emptying of namespaces."""

import asyncio
from typing import Any

from support.controllers import World, running, settled


def service(target: Any, **spec: Any) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80, "targetPort": target, "protocol": "TCP"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": ports, **spec},
    }


def slices(world: World) -> list[dict[str, Any]]:
    return world.store.list("endpointslices.discovery.k8s.io", "default")


def test_ready_pods_become_endpoints_on_their_own_port(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service("http"))
            world.store.create("deployments.apps", world.deployment(replicas=2))
            await settled(world)
            (only,) = slices(world)
            assert only["ports"] == [{"name": "web", "port": 8080, "protocol": "TCP"}]
            assert [item["conditions"]["ready"] for item in only["endpoints"]] == [True, True]
            addresses = {item["addresses"][0] for item in only["endpoints"]}
            assert addresses == {pod["status"]["podIP"] for pod in world.pods()}

    asyncio.run(scenario())


def test_a_named_port_may_differ_from_pod_to_pod(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service("http"))
            world.store.create("deployments.apps", world.deployment())
            other = world.deployment()["spec"]["template"]
            other["spec"]["containers"][0]["ports"][0]["containerPort"] = 9090
            metadata = {"name": "lone", "namespace": "default", "labels": {"app": "web"}}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": other["spec"]}
            world.store.create("pods", {**pod, "status": {"phase": "Pending"}})
            await settled(world)
            assert sorted(item["ports"][0]["port"] for item in slices(world)) == [8080, 9090]

    asyncio.run(scenario())


def test_a_pod_that_is_not_ready_is_listed_as_such(world: World) -> None:
    world.healthy = lambda pod: False

    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service(8080))
            world.store.create("deployments.apps", world.deployment())
            await settled(world)
            assert [item["conditions"]["ready"] for item in slices(world)[0]["endpoints"]] == [False]

    asyncio.run(scenario())


def test_a_service_that_goes_takes_its_slice_along(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service(8080))
            await settled(world)
            assert len(slices(world)) == 1
            world.store.delete("services", "default", "web")
            await settled(world)
            assert not slices(world)

    asyncio.run(scenario())


def test_a_deleted_namespace_empties_and_goes(world: World) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}, "spec": {}}

    async def scenario() -> None:
        async with running(world):
            made = world.store.create("namespaces", namespace)
            world.store.create("deployments.apps", world.deployment(replicas=2))
            world.store.create("services", service(8080))
            await settled(world)
            marked = {**made["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
            world.store.update("namespaces", {**made, "metadata": marked, "status": {"phase": "Terminating"}})
            await settled(world)
            assert world.store.get("namespaces", None, "default") is None
            assert not world.pods() and not slices(world) and not world.store.list("replicasets.apps")

    asyncio.run(scenario())


def test_what_is_deleted_of_a_service_is_told_again(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service(8080))
            world.store.create("deployments.apps", world.deployment())
            await settled(world)
            for key in ("endpointslices.discovery.k8s.io", "endpoints"):
                (only,) = world.store.list(key, "default")
                world.store.delete(key, "default", only["metadata"]["name"])
                await settled(world)
                (again,) = world.store.list(key, "default")
                assert again["metadata"]["uid"] != only["metadata"]["uid"]
            (endpoints,) = world.store.list("endpoints", "default")
            (pod,) = world.pods()
            (subset,) = endpoints["subsets"]
            assert subset["addresses"][0]["ip"] == pod["status"]["podIP"]
            assert subset["ports"] == [{"name": "web", "port": 8080, "protocol": "TCP"}]

    asyncio.run(scenario())


def test_endpoints_of_a_service_without_a_selector_become_slices(world: World) -> None:
    async def scenario() -> None:
        async with running(world):
            world.store.create("services", service(443, selector=None))
            metadata = {"name": "web", "namespace": "default"}
            subsets = [{"addresses": [{"ip": "203.0.113.10"}], "ports": [{"name": "web", "port": 443}]}]
            made = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}
            world.store.create("endpoints", made)
            await settled(world)
            (only,) = slices(world)
            assert only["endpoints"][0]["addresses"] == ["203.0.113.10"] and only["ports"][0]["port"] == 443
            world.store.delete("endpoints", "default", "web")
            await settled(world)
            assert slices(world) == []

    asyncio.run(scenario())
