"""What a check may look at: the cluster's objects, what the policies mean, what the learner filled in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from helpers.policies import NotFound, World, home

Object = Mapping[str, Any]


def no_log(deployment: str) -> str:
    return ""


def untried(source: str, target: str) -> bool | None:
    """No cluster to try on."""
    return None


@dataclass(frozen=True)
class Situation:
    """A moment of the cluster; `given` is the learner's own value.

    `log` reads the log of a Deployment's pods. `connects` tries a connection from a workload to "host:port": whether
    it stood, None if it can't be tried. `again`: this very situation was judged before, so more may be told.
    """

    objects: tuple[Object, ...]
    given: Any = None
    log: Callable[[str], str] = field(default=no_log)
    connects: Callable[[str, str], bool | None] = field(default=untried)
    again: bool = False

    @cached_property
    def world(self) -> World:
        return World.of(self.objects)

    def of_kind(self, kind: str) -> Iterable[Object]:
        return (found for found in self.objects if found.get("kind") == kind)

    def named(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The object of this kind and name, None if there is none."""
        for found in self.of_kind(kind):
            about = found["metadata"]
            if about["name"] == name and namespace in (None, home.namespace_of(about)):
                return found
        return None

    def under(self, policies: Iterable[Object]) -> "Situation":
        """The same cluster with other policies."""
        others = (item for item in self.objects if item.get("kind") != "NetworkPolicy")
        return replace(self, objects=(*others, *policies))

    def with_objects(self, more: Iterable[Object]) -> "Situation":
        """The same cluster with more objects in it."""
        return replace(self, objects=(*self.objects, *more))

    @property
    def policies(self) -> list[Object]:
        return list(self.of_kind("NetworkPolicy"))


def not_there(world: World, *names: str) -> str:
    """The first of these that doesn't run."""
    for name in names:
        try:
            world.pod(name)
        except NotFound:
            return name
    return ""
