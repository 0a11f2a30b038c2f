"""What is known about a kind: one record, which everything in the API asks."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.localcluster.api.humanize import age
from helpers.policies.errors import FieldError

Object = dict[str, Any]
Cells = list[Any]

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
NONE = "<none>"


class Column(NamedTuple):
    """One column of `kubectl get`; the `wide` ones are shown with `-o wide`."""

    name: str
    type: str = "string"
    wide: bool = False

    def definition(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": "",
            "priority": int(self.wide),
        }


class Columns(NamedTuple):
    """What `kubectl get` shows of a kind, as a real API server computes it."""

    columns: tuple[Column, ...]
    cells: Callable[[Object], Cells]


NAME, AGE = Column("Name"), Column("Age")


def name_of(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def age_of(obj: Object) -> str:
    return age(obj["metadata"].get("creationTimestamp"))


def join(values: Iterable[Any]) -> str:
    return ",".join(map(str, values)) or NONE


def wide(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, wide=True) for name in names)


PLAIN = Columns((NAME, AGE), lambda obj: [name_of(obj), age_of(obj)])


def _as_it_is(obj: Object) -> Object:
    return obj


def _nothing_wrong(new: Object, old: Object | None) -> list[FieldError]:
    return []


def _nothing_to_say(new: Object) -> list[str]:
    return []


@dataclass(frozen=True, eq=False)
class Resource:
    """One kind: its names, its place in the URL space, and what becomes of its objects.

    `field_labels` are what `--field-selector` takes besides metadata.name and
    metadata.namespace. `counts_generation` says whether a change of `spec`
    bumps metadata.generation. A `virtual` resource isn't in the store.

    `default` returns an object with what was left out, and leaves the given one
    as it is; `check` says what may not be stored in place of the old object;
    `warn` says what a client should know of an object that it creates. Names
    follow DNS unless `name_rule` is stricter.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    field_labels: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    counts_generation: bool = False
    virtual: bool = False

    columns: Columns = PLAIN
    default: Callable[[Object], Object] = _as_it_is
    check: Callable[[Object, Object | None], list[FieldError]] = _nothing_wrong
    warn: Callable[[Object], list[str]] = _nothing_to_say
    name_rule: re.Pattern[str] | None = None

    any_name: bool = False
    """Whether a name may be whatever fits into a path, such as `system:reader`."""
    makes_others: bool = False
    """Whether a controller makes objects for it: then it goes first when a namespace is emptied."""
    told: bool = False
    """Whether a deletion is answered with the object as it was, and not with a Status."""
    permanent: tuple[str, ...] = ()
    """Names that can't be deleted, and `needed` says why."""
    needed: str = ""
    refusal: str = ""
    """Why the lab doesn't serve this kind, as one sentence; empty for kinds that it serves."""
    singular_name: str = ""
    custom: Object | None = field(default=None, repr=False)
    """For a kind that a CustomResourceDefinition adds: the JSON schema of its objects."""

    @property
    def key(self) -> str:
        """`pods` or `deployments.apps`: how the store and messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        return self.singular_name or self.kind.lower()

    @property
    def group_version(self) -> str:
        """What objects carry as `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def served(self, obj: Object) -> Object:
        """The stored object as this version of a custom kind shows it."""
        same = self.custom is None or obj["apiVersion"] == self.group_version
        return obj if same else {**obj, "apiVersion": self.group_version}

    @property
    def base_path(self) -> str:
        """URL prefix of the group and version, without a trailing slash."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
