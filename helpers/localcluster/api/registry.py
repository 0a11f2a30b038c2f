"""The kinds of one cluster: those of `kinds`, and those that CustomResourceDefinitions add while it runs."""

from collections.abc import Iterator

from helpers.localcluster.api.kinds import REFUSED, RESOURCES
from helpers.localcluster.api.resource import Resource


class Registry:
    """Finds a kind by key, by its place in the URL space, or by what objects call it.

    `revision` grows with every change, so that what was made of the kinds can be kept until then.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._added: dict[str, list[Resource]] = {}
        self._index()

    def __getitem__(self, key: str) -> Resource:
        """The kind with this key; of a custom kind the version that is preferred."""
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Resource]:
        """Every kind that is served, once for each version."""
        return (resource for resource in self._by_path.values() if not resource.refusal)

    def all(self) -> list[Resource]:
        """Every kind that a client may ask for: those that are served, and those that are refused with a sentence."""
        return [*self._by_path.values()]

    def stored(self) -> list[Resource]:
        """Every kind that the store holds, each once."""
        return [resource for resource in self._by_key.values() if not resource.virtual]

    def at(self, group: str, version: str, plural: str) -> Resource | None:
        return self._by_path.get((group, version, plural))

    def of(self, group_version: str, kind: str) -> Resource | None:
        """What an object's apiVersion and kind mean."""
        return self._by_kind.get((group_version, kind))

    def define(self, name: str, resources: list[Resource]) -> None:
        """Serve these versions of a custom kind, the preferred one first, in place of what `name` defined before."""
        self._added[name] = resources
        self._index()

    def withdraw(self, name: str) -> None:
        """Serve a custom kind no more."""
        self._added.pop(name, None)
        self._index()

    def _index(self) -> None:
        self.revision += 1
        own = [*RESOURCES.values()]
        added = [resource for versions in self._added.values() for resource in versions]
        self._by_key = {resource.key: resource for resource in [*reversed(added), *own]}
        known = [*REFUSED, *added, *own]
        self._by_path = {(item.group, item.version, item.plural): item for item in [*added, *own]}
        self._by_path |= {
            place: item for item in REFUSED if (place := (item.group, item.version, item.plural)) not in self._by_path
        }
        self._by_kind = {(item.group_version, item.kind): item for item in known}
