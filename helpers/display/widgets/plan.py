"""What has to be done to a cluster so that it has a given set of policies; the cluster as widgets know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from helpers.display.widgets.yamltext import clean, key, with_defaults
from helpers.policies import home

Json = Mapping[str, Any]


class Cluster(Protocol):
    """What the widgets ask of a cluster. Every method may raise an error whose text is one sentence."""

    def objects(self) -> Sequence[Json]:
        """Namespaces, pods, Services, workloads and policies, as the engine reads them."""

    def policies(self) -> Sequence[Json]:
        """The policies alone: asked often, to see whether somebody else has changed them."""

    def owns(self) -> Callable[[Json], bool]:
        """What tells whether a policy may be changed from here; others are somebody else's, and only seen."""

    def change(self, text: str, delete: Sequence[str]) -> None:
        """Apply manifests, and delete policies by their keys, `namespace/name`: all of it or nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The policies to create and to change, and the keys of those to delete."""

    create: tuple[Json, ...] = ()
    change: tuple[Json, ...] = ()
    delete: tuple[str, ...] = ()

    @property
    def apply(self) -> tuple[Json, ...]:
        return (*self.create, *self.change)

    def __bool__(self) -> bool:
        return bool(self.create or self.change or self.delete)

    def __str__(self) -> str:
        parts = {
            "create": [key(policy) for policy in self.create],
            "change": [key(policy) for policy in self.change],
            "delete": list(self.delete),
        }
        said = [f"{verb} {', '.join(home.short(name) for name in names)}" for verb, names in parts.items() if names]
        return "; ".join(said) or "nothing to do"


def plan(live: Iterable[Json], wanted: Iterable[Json]) -> Plan:
    """The way from the live policies to the wanted ones."""
    before = {key(policy): policy for policy in live}
    after = {key(policy): policy for policy in wanted}
    return Plan(
        tuple(policy for name, policy in after.items() if name not in before),
        tuple(
            policy for name, policy in after.items() if name in before and same_form(policy) != same_form(before[name])
        ),
        tuple(name for name in before if name not in after),
    )


def same_form(policy: Json) -> Json:
    """A policy in a form in which equal meaning compares equal: with defaults, without what the cluster adds."""
    return with_defaults(clean(policy))


def policies_of(objects: Iterable[Json], owns: Callable[[Json], bool] = lambda item: True) -> tuple[Json, ...]:
    """The policies among objects that one owns, as a person would keep them, oldest first."""
    found = [item for item in objects if item.get("kind") == "NetworkPolicy" and owns(item)]
    return tuple(clean(item) for item in sorted(found, key=_age))


def _age(item: Json) -> tuple[str, int, str]:
    """Creation times have whole seconds; within one, the resource version tells the order of the last writes."""
    metadata = item["metadata"]
    version = str(metadata.get("resourceVersion") or "")
    return str(metadata.get("creationTimestamp") or ""), int(version) if version.isdigit() else 0, key(item)
