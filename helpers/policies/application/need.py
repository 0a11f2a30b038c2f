"""What the application needs: the one reader of arrows, from manifests, from a flow log, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.policies.application.addressing import addressed
from helpers.policies.application.arrows import Arrow, Evidence, Found, Needs
from helpers.policies.application.control import controlled
from helpers.policies.application.directory import Directory
from helpers.policies.application.exposure import exposed
from helpers.policies.application.flows import observed
from helpers.policies.application.scraping import scraped
from helpers.policies.world import World

__all__ = ["Arrow", "Evidence", "Needs", "needs"]


def needs(
    world: World,
    flows: Iterable[Mapping[str, Any]] | None = None,
    *,
    declarations: bool = True,
    verdicts: Iterable[str] = ("allowed",),
) -> Needs:
    """The arrows that a world's objects declare, that `flows` (a flow log's objects) show, or both.

    `verdicts` are those flows that count as needed.
    """
    if flows is None and declarations:
        return world.once(_declared)
    found = Found()
    if declarations:
        _read_declarations(world, found)
    if flows is not None:
        observed(world, flows, found, verdicts)
    return Needs(found.listed(), tuple(found.notes))


def _declared(world: World) -> Needs:
    found = Found()
    _read_declarations(world, found)
    return Needs(found.listed(), tuple(found.notes))


def _read_declarations(world: World, into: Found) -> None:
    directory = Directory(world)
    for read in (addressed, exposed, scraped, controlled):
        read(world, directory, into)
