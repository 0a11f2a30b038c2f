"""From a URL's path to what it names."""

from typing import NamedTuple

from helpers.localcluster.api.errors import no_such_path, not_served
from helpers.localcluster.api.kinds import NAMESPACES
from helpers.localcluster.api.registry import Registry
from helpers.localcluster.api.resource import Resource


class Target(NamedTuple):
    """What a request is about. Without a name it is the collection."""

    resource: Resource
    namespace: str | None
    name: str | None
    subresource: str


def is_discovery(segments: tuple[str, ...]) -> bool:
    """Whether the path names a group or version rather than a resource."""
    return (segments[0] == "api" and len(segments) <= 2) or (segments[0] == "apis" and len(segments) <= 3)


def find(kinds: Registry, segments: tuple[str, ...]) -> Target:
    """Raises ApiError NotFound for paths that aren't served."""
    if segments[0] == "api":
        group, version, rest = "", segments[1], segments[2:]
    elif segments[0] == "apis":
        group, version, rest = segments[1], segments[2], segments[3:]
    else:
        raise no_such_path()
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 2 and (group or rest[2] not in NAMESPACES.subresources):
        namespace, rest = rest[1], rest[2:]
    resource = kinds.at(group, version, rest[0])
    if resource is None:
        raise not_served(rest[0], group)
    name = rest[1] if len(rest) > 1 else None
    subresource = rest[2] if len(rest) > 2 else ""
    _check(resource, namespace, name, subresource, rest)
    return Target(resource, namespace, name, subresource)


def _check(
    resource: Resource, namespace: str | None, name: str | None, subresource: str, rest: tuple[str, ...]
) -> None:
    if len(rest) > 3 or "" in rest or namespace == "":
        raise no_such_path()
    if subresource and subresource not in resource.subresources:
        raise not_served(f"{resource.plural}/{subresource}", resource.group)
    if namespace is not None and not resource.namespaced:
        raise no_such_path()
    if name is not None and resource.namespaced and namespace is None:
        raise no_such_path()
