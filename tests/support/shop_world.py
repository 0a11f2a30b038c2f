"""The shop's manifest with policies, as a world, for pictures and tables without a cluster."""

from typing import Any

from helpers.display.drawing.pictures import graph
from helpers.display.drawing.scene import Scene, scene_of
from helpers.policies import World
from helpers.policies.application.need import needs
from support.course import INGRESS, read, shop

ORDER = sorted(INGRESS.glob("*-allow-*.yaml"))


def policies(count: int) -> list[dict[str, Any]]:
    """The first policies of the course's ingress collection, numbered as a cluster would."""
    return numbered(read(*ORDER[:count]))


def numbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**item, "metadata": {**item["metadata"], "resourceVersion": str(number)}}
        for number, item in enumerate(items, 1)
    ]


def policy(name: str, spec: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def app(name: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app": name}}}


def scene(*items: dict[str, Any], last: str | None = None) -> Scene:
    objects = [*shop(), *items]
    world = World.of(objects)
    return scene_of(world, needs(world), last=last)


def drawn(*items: dict[str, Any], **options: Any) -> str:
    return graph(objects=[*shop(), *items], **options).svg()
