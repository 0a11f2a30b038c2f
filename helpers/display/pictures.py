"""The course's two pictures: the application's architecture, and the graph of what policies let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from helpers.display import drawing, layout
from helpers.display.picture import Picture, message
from helpers.display.scene import Scene, scene_of
from helpers.lab import looking
from helpers.lab.arrows import OUTSIDE, Arrow, arrows_of

if TYPE_CHECKING:
    from helpers.policies import World

TITLE = "Who may call whom"


def graph(world: World | None = None, arrows: Iterable[Arrow] | None = None, *,
          objects: Iterable[Mapping[str, Any]] | None = None, last: str | None = None, before: World | None = None,
          title: str = "") -> Picture:
    """Draw the live cluster's workloads, the calls that they need, and what the policies make of them.

    Give `objects` (dictionaries), or a `world` with its `arrows`, to draw something else than the live cluster.
    `last` names the policy whose effect stands out, "ns/name"; the newest one without it, none if it is "".
    With another world as `before`, what differs from that stands out instead.
    """
    if world is None:
        from helpers.policies import World

        items = looking.objects() if objects is None else list(objects)
        world = World.of(items)
        arrows = arrows_of(looking.of_application(items)) if arrows is None else arrows
    return picture_of(scene_of(world, arrows or (), last=last, before=before), title)


def picture_of(scene: Scene, title: str = "") -> Picture:
    """Draw a scene."""
    if not scene.nodes:
        return message(title or TITLE, scene.sentence)
    if not title:
        title = f"{TITLE}: {scene.policies or 'no'} {'policy' if scene.policies == 1 else 'policies'}"
        title += f", the last is {scene.last.removeprefix('default/')}" if scene.last else ""
    return Picture(drawing.paint(scene, layout.layout_of(scene), title), title, scene.sentence)


def architecture(*, only: Iterable[str] = (), objects: Iterable[Mapping[str, Any]] | None = None) -> Picture:
    """Draw who calls whom, read from the live Deployments' variables; `only` keeps these workloads."""
    from helpers.policies import World

    items = looking.objects() if objects is None else list(objects)
    names = {name if "/" in name else f"default/{name}" for name in only}
    arrows = [arrow for arrow in arrows_of(looking.of_application(items))
              if not names or (arrow.source in names and arrow.target in names)]
    bare = World.of(item for item in items if item.get("kind") != "NetworkPolicy")
    scene = scene_of(bare, arrows, last="")
    if names:
        scene = replace(scene, nodes=tuple(node for node in scene.nodes if node.key in names))
    else:
        drawn = {end for edge in scene.edges for end in (edge.source, edge.target)}
        scene = replace(scene, nodes=tuple(node for node in scene.nodes if node.key in drawn))
    return _plan(scene, arrows)


def _plan(scene: Scene, arrows: list[Arrow]) -> Picture:
    title = "Who calls whom"
    if not scene.nodes:
        return message(title, "There is no application to draw yet. Deploy the shop: lab.deploy()")
    workloads = sum(node.key != OUTSIDE for node in scene.nodes)
    count = f"{workloads} {'workload' if workloads == 1 else 'workloads'} and {len(arrows)} " \
            f"{'arrow' if len(arrows) == 1 else 'arrows'}"
    sentence = f"{count}: {'; '.join(map(str, arrows))}."
    return Picture(drawing.paint(scene, layout.layout_of(scene), title, plain=True), title, sentence)

