"""What pictures and tables look at: the live cluster, or objects that are given, with what its application needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from helpers.lab.cluster import looking

if TYPE_CHECKING:
    from helpers.policies import World
    from helpers.policies.application.reach import Need


def view_of(
    objects: Iterable[Mapping[str, Any]] | None = None, wanted: Iterable[Need] | None = None
) -> tuple[World, Iterable[Need]]:
    """The world of these objects, or of the live cluster's, and the calls that its application needs."""
    from helpers.policies import World
    from helpers.policies.application.need import needs

    world = World.of(looking.objects() if objects is None else objects)
    return world, needs(world) if wanted is None else wanted
