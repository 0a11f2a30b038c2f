"""Store and watches against a plain model, through restarts: what a watcher rebuilds equals what a list says."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from helpers.localcluster.api.errors import ApiError
from helpers.localcluster.api.http.messages import Request
from helpers.localcluster.api.kinds import CONFIG_MAPS
from helpers.localcluster.api.requests.selectors import selection
from helpers.localcluster.api.storage.sources import Stored
from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.api.storage.watch import Fanout, View, Watcher

Object = dict[str, Any]
NAMES = st.sampled_from("abcd")
NAMESPACES = st.sampled_from(("default", "team"))
LABELS = st.dictionaries(st.sampled_from(("tier", "app")), st.sampled_from(("x", "y")), max_size=2)
SELECTORS = st.sampled_from((None, "tier=x", "app,tier!=y", "app in (x),!tier"))
KEY = "configmaps"


class Lines:
    """A stream that keeps what is written to it."""

    def __init__(self) -> None:
        self.text = b""

    def write(self, data: bytes) -> None:
        self.text += data


class Client:
    """Lists, watches, and keeps a copy by the rules of a Kubernetes client."""

    def __init__(self, namespace: str | None, labels: str | None) -> None:
        self.namespace = namespace
        self.labels = labels
        self.copy: dict[tuple[str, str], Object] = {}
        self.revision = 0
        self.relists = 0
        self._lines = Lines()
        self._stop: Any = None

    def chosen(self, store: Store) -> list[Object]:
        match = selection(CONFIG_MAPS, self.labels, None)
        return [obj for obj in store.list(KEY, self.namespace) if not match or match(obj)]

    def relist(self, store: Store) -> None:
        self.copy = {_key(obj): obj for obj in self.chosen(store)}
        self.revision = store.revision
        self.relists += 1

    def connect(self, store: Store, shared: Fanout) -> None:
        """Watch from the last revision seen; list again when that is too long ago."""
        source = Stored(store, CONFIG_MAPS)
        try:
            missed = [*source.since(self.revision)]
        except ApiError as error:
            assert error.code == 410
            self.relist(store)
            missed = []
        request = Request.parse("GET", b"/", {}, None)  # type: ignore[arg-type]
        match = selection(CONFIG_MAPS, self.labels, None)
        watcher = Watcher(self._lines, View(request, CONFIG_MAPS), self.namespace, match, shared)  # type: ignore[arg-type]
        for event in missed:
            watcher.on_event(event)
        watcher.held = False
        unsubscribe = source.subscribe(watcher.on_event)
        watcher.flush()
        self._stop = lambda: (unsubscribe(), watcher.flush())

    def read(self) -> None:
        text, self._lines.text = self._lines.text, b""
        for line in text.splitlines():
            event = json.loads(line)
            obj, kind = event["object"], event["type"]
            version = int(obj["metadata"]["resourceVersion"])
            assert version > self.revision, "a watch never goes back"
            assert (kind == "ADDED") == (_key(obj) not in self.copy)
            if kind == "DELETED":
                del self.copy[_key(obj)]
            else:
                self.copy[_key(obj)] = obj
            self.revision = version

    def disconnect(self) -> None:
        if self._stop:
            self._stop()
            self._stop = None


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


class Machine(RuleBasedStateMachine):
    clients = Bundle("clients")

    @initialize()
    def start(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.generation = 0
        self.store = Store.open(self.path)
        self.model: dict[tuple[str, str], Object] = {}
        self.shared = Fanout()
        self.connected: list[Client] = []
        self.highest = self.store.revision
        self.loop = asyncio.new_event_loop()

    @property
    def path(self) -> Path:
        return self.directory / f"{self.generation}" / "state.db" if self.generation else self.directory / "state.db"

    def _on_loop(self, work: Any) -> Any:
        async def run() -> Any:
            result = work()
            await asyncio.sleep(0)  # watchers flush at the end of a turn
            return result

        return self.loop.run_until_complete(run())

    @rule(namespace=NAMESPACES, name=NAMES, labels=LABELS)
    def create(self, namespace: str, name: str, labels: Object) -> None:
        obj = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
        }
        try:
            made = self._on_loop(lambda: self.store.create(KEY, obj))
        except ApiError as error:
            assert (error.reason, (namespace, name) in self.model) == ("AlreadyExists", True)
        else:
            self.model[namespace, name] = made

    @rule(namespace=NAMESPACES, name=NAMES, labels=LABELS, data=st.sampled_from("12"))
    def update(self, namespace: str, name: str, labels: Object, data: str) -> None:
        held = self.model.get((namespace, name))
        metadata = {"name": name, "namespace": namespace, "labels": labels}
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": data}}
        try:
            made = self._on_loop(lambda: self.store.update(KEY, obj))
        except ApiError as error:
            assert (error.reason, held) == ("NotFound", None)
        else:
            same = held is not None and held["metadata"]["labels"] == labels and held.get("data") == {"k": data}
            assert same == (made == held)
            self.model[namespace, name] = made

    @rule(namespace=NAMESPACES, name=NAMES)
    def delete(self, namespace: str, name: str) -> None:
        gone = self._on_loop(lambda: self.store.delete(KEY, namespace, name))
        assert (gone is None) == (self.model.pop((namespace, name), None) is None)

    @rule(target=clients, namespace=st.none() | NAMESPACES, labels=SELECTORS)
    def list_and_watch(self, namespace: str | None, labels: str | None) -> Client:
        client = Client(namespace, labels)
        client.relist(self.store)
        self._on_loop(lambda: client.connect(self.store, self.shared))
        self.connected.append(client)
        return client

    @rule(client=clients)
    def reconnect(self, client: Client) -> None:
        """The connection breaks; the client comes back with the revision that it saw last."""
        client.disconnect()
        client.read()
        self._on_loop(lambda: client.connect(self.store, self.shared))
        if client not in self.connected:
            self.connected.append(client)

    @rule(client=consumes(clients))
    def leave(self, client: Client) -> None:
        client.disconnect()
        if client in self.connected:
            self.connected.remove(client)

    @rule()
    def restart(self) -> None:
        """Stop in order; everything comes back."""
        self._drop_clients()
        self.store.close()
        self._reopen()

    @rule()
    def crash(self) -> None:
        """What was durable survives: go on from a copy of the files, as if the process had died now."""
        self._drop_clients()
        self.loop.run_until_complete(self.store.durable())
        self.generation += 1
        self.path.parent.mkdir()
        source = self.path.parent.parent if self.generation == 1 else self.directory / f"{self.generation - 1}"
        for file in source.glob("state.db*"):
            shutil.copy(file, self.path.parent)
        self.store.close()
        self._reopen()

    def _drop_clients(self) -> None:
        for client in self.connected:
            client.disconnect()
            client.read()
        self.connected = []

    def _reopen(self) -> None:
        self.store = Store.open(self.path)
        assert self.store.revision > self.highest, "a revision is never given out twice"

    @invariant()
    def lists_equal_the_model(self) -> None:
        if hasattr(self, "store"):
            assert {_key(obj): obj for obj in self.store.list(KEY)} == self.model
            self.highest = max(self.highest, self.store.revision)

    @invariant()
    def watchers_equal_lists(self) -> None:
        for client in getattr(self, "connected", ()):
            client.read()
            assert client.copy == {_key(obj): obj for obj in client.chosen(self.store)}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self._drop_clients()
            self.store.close()
            self.loop.close()
            shutil.rmtree(self.directory)


TestStoreAndWatch = Machine.TestCase
TestStoreAndWatch.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
