"""The course's two pictures: the application's architecture, and the graph of what policies let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from helpers.display.drawing.painting import paint
from helpers.display.drawing.picture import Picture, message
from helpers.display.drawing.scene import Scene, scene_of
from helpers.display.drawing.words import arrow_words
from helpers.display.view import view_of
from helpers.policies import home
from helpers.policies.wording import plural

if TYPE_CHECKING:
    from helpers.policies import World
    from helpers.policies.application.reach import Need

TITLE = "Who may call whom"


def graph(
    world: World | None = None,
    needs: Iterable[Need] | None = None,
    *,
    objects: Iterable[Mapping[str, Any]] | None = None,
    last: str | None = None,
    before: World | None = None,
    title: str = "",
) -> Picture:
    """Draw the live cluster's workloads, the calls that they need, and what the policies make of them.

    Give `objects` (dictionaries), or a `world` with its `needs`, to draw something else than the live cluster.
    `last` names the policy whose effect stands out, "ns/name"; the newest one without it, none if it is "".
    With another world as `before`, what differs from that stands out instead.
    """
    if world is None:
        world, needs = view_of(objects, needs)
    return picture_of(scene_of(world, needs or (), last=last, before=before), title)


def picture_of(scene: Scene, title: str = "") -> Picture:
    """Draw a scene."""
    if not scene.nodes:
        return message(title or TITLE, scene.sentence)
    if not title:
        title = f"{TITLE}: {scene.policies or 'no'} {'policy' if scene.policies == 1 else 'policies'}"
        title += f", the last is {home.short(scene.last)}" if scene.last else ""
    return Picture(lambda: paint(scene, title), title, scene.sentence)


def architecture(*, only: Iterable[str] = (), objects: Iterable[Mapping[str, Any]] | None = None) -> Picture:
    """Draw who calls whom, read from what the live workloads are given; `only` keeps these workloads."""
    world, needs = view_of(objects)
    scene = scene_of(world.with_policies(()), needs, last="")
    names = {home.full(name) for name in only}
    if names:
        kept = {node.key for node in scene.nodes if node.key.partition("[")[0] in names}
        edges = tuple(edge for edge in scene.edges if edge.source in kept and edge.target in kept)
    else:
        edges = scene.edges
        kept = {end for edge in edges for end in (edge.source, edge.target)}
    return _plan(replace(scene, nodes=tuple(node for node in scene.nodes if node.key in kept), edges=edges))


def _plan(scene: Scene) -> Picture:
    title = "Who calls whom"
    if not scene.nodes:
        return message(title, "There is no application to draw yet. Deploy the shop: lab.deploy()")
    arrows = [arrow_words(edge) for edge in scene.edges]
    count = (
        f"{plural(sum(bool(node.namespace) for node in scene.nodes), 'workload')} and {plural(len(arrows), 'arrow')}"
    )
    sentence = f"{count}: {'; '.join(arrows)}."
    return Picture(lambda: paint(scene, title, plain=True), title, sentence)
