"""What a check may look at: the cluster's objects, what the policies mean, what the learner filled in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from helpers.policies import World, home

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
    it stood, None if it can't be tried.
    """

    objects: tuple[Object, ...]
    given: Any = None
    log: Callable[[str], str] = field(default=no_log)
    connects: Callable[[str, str], bool | None] = field(default=untried)

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

    @property
    def policies(self) -> list[Object]:
        return list(self.of_kind("NetworkPolicy"))
