"""Where lists and watches get their objects: the store, or the dataplane's flow log."""

from collections.abc import Callable, Iterable
from typing import Protocol

from helpers.localcluster.api.errors import ApiError, expired, no_such_path
from helpers.localcluster.api.kinds import FLOWS
from helpers.localcluster.api.node import FlowLog, NodeStreams
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.storage.store import Event, Object, Store


class Source(Protocol):
    """Objects of one resource, with a history."""

    @property
    def revision(self) -> int: ...

    def list(self, namespace: str | None) -> list[Object]: ...

    def since(self, revision: int) -> Iterable[Event]:
        """Raises ApiError Expired when the history doesn't reach back that far."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]: ...


def source_of(resource: Resource, store: Store, node: NodeStreams | None) -> Source:
    """Raises ApiError NotFound when nothing provides the resource."""
    if resource is not FLOWS:
        return Stored(store, resource)
    if node is None:
        raise no_such_path()
    return Flows(node.flows())


class Stored:
    """A resource of the store."""

    def __init__(self, store: Store, resource: Resource) -> None:
        self._store = store
        self._key = resource.key
        self._resource = resource

    @property
    def revision(self) -> int:
        return self._store.revision

    def list(self, namespace: str | None) -> list[Object]:
        return [self._resource.served(obj) for obj in self._store.list(self._key, namespace)]

    def since(self, revision: int) -> Iterable[Event]:
        return (self._served(event) for event in self._store.since(revision) if event.resource == self._key)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        def mine(event: Event) -> None:
            if event.resource == self._key:
                callback(self._served(event))

        return self._store.subscribe(mine)

    def _served(self, event: Event) -> Event:
        if self._resource.custom is None:
            return event
        previous = event.previous and self._resource.served(event.previous)
        return event._replace(object=self._resource.served(event.object), previous=previous)


class Flows:
    """The flow log, which numbers its changes itself."""

    def __init__(self, log: FlowLog) -> None:
        self._log = log

    @property
    def revision(self) -> int:
        return self._log.revision

    def list(self, namespace: str | None) -> list[Object]:
        return self._log.list()

    def since(self, revision: int) -> Iterable[Event]:
        if revision > self._log.revision:
            raise expired(f"the flow log begins anew with every start of the node; list flows again (at {revision})")
        return [
            Event(number, "MODIFIED", FLOWS.key, flow, None)
            for flow in self._log.list()
            if (number := int(flow["metadata"]["resourceVersion"])) > revision
        ]

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        def changed(kind: str, flow: Object) -> None:
            callback(Event(self._log.revision, kind, FLOWS.key, flow, flow))

        return self._log.subscribe(changed)


def one_flow(node: NodeStreams | None, name: str) -> Object:
    """Raises ApiError NotFound."""
    for flow in node.flows().list() if node else ():
        if flow["metadata"]["name"] == name:
            return flow
    raise ApiError(404, "NotFound", f'{FLOWS.key} "{name}" not found', name=name, group=FLOWS.group, kind=FLOWS.plural)
