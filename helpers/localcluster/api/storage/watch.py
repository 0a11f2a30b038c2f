"""Watches: a stream of changes, pushed from the store to the socket without a task in between."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from helpers.localcluster.api.errors import bad_request, expired
from helpers.localcluster.api.http.connection import Stream
from helpers.localcluster.api.http.messages import Request, encode_json
from helpers.localcluster.api.requests import tables
from helpers.localcluster.api.requests.calls import Call, whole_number
from helpers.localcluster.api.requests.selectors import Match, selection
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.storage.sources import Source, source_of
from helpers.localcluster.api.storage.store import Event, Object

LONGEST_SECONDS = 3600
USUAL_SECONDS = 1800
BOOKMARK_SECONDS = 60
START_CHUNK = 256 * 1024  # bytes of the beginning that are sent at once
INITIAL_END = "k8s.io/initial-events-end"


class View:
    """How a client wants its objects: plain, or as rows of a table."""

    def __init__(self, request: Request, resource: Resource) -> None:
        self._resource = resource
        self._version = tables.wanted(request)
        self._include = request.first("includeObject", "Metadata")
        self._header = True  # column definitions travel once, with the first row

    @property
    def key(self) -> tuple[str, str, str | None, str] | None:
        """Equal for views that encode alike; None when this one still owes the column definitions."""
        if self._version and self._header:
            return None
        return self._resource.key, "", self._version, self._include

    def encode(self, kind: str, obj: Object) -> bytes:
        """One line of the stream."""
        if self._version:
            metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            obj = tables.table(self._resource, [obj], self._version, self._include, metadata, header=self._header)
            self._header = False
        return encode_json({"type": kind, "object": obj}) + b"\n"

    def bookmark(self, revision: int, annotations: dict[str, str] | None = None) -> bytes:
        """A line that only says how far the stream has come."""
        metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        obj: Object = {"kind": self._resource.kind, "apiVersion": self._resource.group_version, "metadata": metadata}
        if self._version:
            row = {"cells": [], "object": tables.partial(metadata, self._version)}
            obj = tables.table(self._resource, [], self._version, "None", metadata, header=False)
            obj["rows"] = [row]
        return encode_json({"type": "BOOKMARK", "object": obj}) + b"\n"


class Fanout:
    """What watchers share: lines already encoded for the event at hand, and one flush a turn of the loop."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._lines: dict[tuple[Any, ...], bytes] = {}
        self._waiting: list[Watcher] = []

    def wake(self, watcher: "Watcher") -> None:
        """Flush this watcher at the end of the turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(watcher)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for watcher in waiting:
            watcher.flush()

    def line(self, event: Event, kind: str, obj: Object, view: View) -> bytes:
        key = view.key
        if key is None:
            return view.encode(kind, obj)
        if self._event is not event:
            self._event, self._lines = event, {}
        full = (*key, kind, id(obj))
        if full not in self._lines:
            self._lines[full] = view.encode(kind, obj)
        return self._lines[full]


class Watcher:
    """One client's watch: turns events into lines for it."""

    def __init__(self, stream: Stream, view: View, namespace: str | None, chosen: Match | None, shared: Fanout) -> None:
        self._stream = stream
        self._view = view
        self._namespace = namespace
        self._chosen = chosen
        self._shared = shared
        self._pending = bytearray()
        self.held = True  # until the start has been sent, later events wait

    def wants(self, obj: Object) -> bool:
        if self._namespace and obj["metadata"].get("namespace") != self._namespace:
            return False
        return self._chosen is None or self._chosen(obj)

    def on_event(self, event: Event) -> None:
        """Queue the line for this event; what one turn of the loop brings goes out together."""
        change = self.seen(event)
        if change:
            if not self._pending and not self.held:
                self._shared.wake(self)
            self._pending += self._shared.line(event, *change, self._view)
            if self.held:
                self._stream.bound(len(self._pending))

    def add(self, line: bytes) -> None:
        self._pending += line

    def flush(self) -> None:
        if self._pending and not self.held:
            self._stream.write(bytes(self._pending))
            self._pending.clear()

    async def send_start(self, lines: Iterable[bytes]) -> None:
        """Send the beginning at the client's own pace, then what has happened meanwhile."""
        chunk = bytearray()
        for line in lines:
            chunk += line
            if len(chunk) > START_CHUNK:
                self._stream.write(bytes(chunk))
                chunk.clear()
                await self._stream.drain()
        self._pending[:0] = chunk
        self.held = False
        self.flush()

    def seen(self, event: Event) -> tuple[str, Object] | None:
        """The event as this watcher sees it: an object can come into its selection, or leave it."""
        obj, previous = event.object, event.previous
        if event.type == "DELETED":
            return ("DELETED", obj) if self.wants(obj) else None
        was = event.type == "MODIFIED" and (previous is None or self.wants(previous))
        if self.wants(obj):
            return "MODIFIED" if was else "ADDED", obj
        if was and previous is not None and self.wants(previous):
            version = obj["metadata"]["resourceVersion"]
            return "DELETED", {**previous, "metadata": {**previous["metadata"], "resourceVersion": version}}
        return None


async def watch(call: Call, shared: Fanout) -> None:
    """Answer with a stream until the client goes or its time is over. Raises ApiError before it begins."""
    request, resource = call.request, call.resource
    fields = request.first("fieldSelector")
    if call.name:
        fields = f"metadata.name={call.name}"
    chosen = selection(resource, request.first("labelSelector"), fields)
    source = source_of(resource, call.store, call.node)
    start = _starting_point(call, source)
    seconds = min(whole_number(request, "timeoutSeconds", USUAL_SECONDS) or USUAL_SECONDS, LONGEST_SECONDS)
    stream = request.connection.stream("application/json")
    view = View(request, resource)
    watcher = Watcher(stream, view, call.namespace, chosen, shared)
    beginning = _beginning(request, watcher, view, source, start)
    unsubscribe = source.subscribe(watcher.on_event)
    request.connection.resumable = True
    try:
        await watcher.send_start(beginning)
        await _stay(watcher, view if request.flag("allowWatchBookmarks") else None, lambda: source.revision, seconds)
        stream.end()
    finally:
        request.connection.resumable = False
        unsubscribe()


def _starting_point(call: Call, source: Source) -> list[Event] | None:
    """The events that the client missed, or None when it wants the present state first."""
    request = call.request
    version = whole_number(request, "resourceVersion")
    if request.flag("sendInitialEvents"):
        if request.first("resourceVersionMatch") != "NotOlderThan":
            raise bad_request("sendInitialEvents needs resourceVersionMatch=NotOlderThan")
        return None
    if version == 0:
        return None
    if version > source.revision:
        raise expired(f"too large resource version: {version} (the cluster is at {source.revision}); list again")
    return [*source.since(version)]


def _beginning(
    request: Request, watcher: Watcher, view: View, source: Source, missed: list[Event] | None
) -> Iterator[bytes]:
    """The first lines, as of now, encoded as they are asked for."""
    if missed is not None:
        return (view.encode(*change) for event in missed if (change := watcher.seen(event)))
    present = [obj for obj in source.list(None) if watcher.wants(obj)]
    revision = source.revision
    marked = request.flag("sendInitialEvents") and request.flag("allowWatchBookmarks")

    def lines() -> Iterator[bytes]:
        for obj in present:
            yield view.encode("ADDED", obj)
        if marked:
            yield view.bookmark(revision, {INITIAL_END: "true"})

    return lines()


async def _stay(watcher: Watcher, view: View | None, revision: Callable[[], int], seconds: float) -> None:
    """Keep the stream open; the handler is cancelled when the client goes."""
    end = asyncio.get_running_loop().time() + seconds
    while (left := end - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(left, BOOKMARK_SECONDS))
        if view:
            watcher.add(view.bookmark(revision()))
            watcher.flush()
