"""The flow log as a widget: live, filtered, grouped; a click explains a flow, and mends a denied one."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from helpers.display.widgets import flowview, yamltext
from helpers.display.widgets.feed import PERIOD, Feed
from helpers.display.widgets.flowbook import Account, Flow, FlowBook, account_of
from helpers.display.widgets.pane import Pane
from helpers.display.widgets.smallest import smallest
from helpers.display.widgets.views import message
from helpers.display.widgets.worker import SHARED, Worker
from helpers.policies import World

_running: weakref.WeakSet[FlowLog] = weakref.WeakSet()


class FlowLog:
    """Shows the connections that the cluster judged, and follows them until `stop()`.

    `read` gives the flows, oldest first; `world` the live cluster; `open_workbench(yaml)` a widget to show below.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Flow]],
        world: Callable[[], World],
        open_workbench: Callable[[str], Any] | None = None,
        worker: Worker = SHARED,
        period: float = PERIOD,
    ) -> None:
        self._read, self._world, self._open_workbench = read, world, open_workbench
        self._worker, self._period = worker, period
        self.book = FlowBook()
        self._missing = ""
        self._account: Account | None = None
        self._suggestion = ""
        self._feed: Feed | None = None
        self.panes = {name: Pane() for name in ("controls", "message", "table", "account")}
        for pane in self.panes.values():
            pane.on_do(self._do)
        self._below = ipywidgets.Box([])
        self.widget = ipywidgets.VBox([*self.panes.values(), self._below])
        self.widget.add_class("lab-flow-log")
        self._render()

    @property
    def running(self) -> bool:
        """Whether the log is followed."""
        return self._feed is not None and self._feed.running

    def start(self) -> FlowLog:
        """Follow the log on a thread of its own; returns this widget."""
        if not self.running:
            self._feed = Feed(self._read, self._arrived, self._failed, self._period)
            self._feed.start()
            _running.add(self)
            self._render_controls()
        return self

    def stop(self) -> None:
        """Stop following; what is shown stays."""
        if self._feed is not None:
            self._feed.stop()
        _running.discard(self)
        self._render_controls()

    def look(self) -> bool:
        """Read the log once, now; whether the cluster keeps one."""
        found = self._read()
        if getattr(found, "missing", False):
            self._missing = repr(found)
            self.panes["message"].html = message(self._missing)
        self.book = self.book.with_flows(found)
        self._render()
        return not self._missing

    # From the feed's thread and from the kernel's: the worker does the rest.

    def _arrived(self, flows: Sequence[Flow]) -> None:
        self._worker.submit(lambda: self._take(flows), key=(id(self), "flows"), failed=self._failed)

    def _take(self, flows: Sequence[Flow]) -> None:
        self.book = self.book.with_flows(flows)
        self.panes["message"].html = ""
        self._render()

    def _failed(self, error: Exception) -> None:
        self.panes["message"].html = message(str(error) or type(error).__name__, fault=True)

    def _do(self, action: str, *arguments: Any) -> None:
        self._worker.submit(lambda: self._act(action, *arguments), failed=self._failed)

    def _act(self, action: str, *arguments: Any) -> None:
        if action in ("words", "verdict", "dns", "group"):
            self.book = self.book.filtered(**{action: arguments[0]})
        elif action == "open":
            self._open(str(arguments[0]))
        elif action == "workbench" and self._open_workbench is not None:
            self._below.children = (self._open_workbench(self._suggestion),)
        elif action == "running":
            self.start() if arguments[0] else self.stop()
        self._render()

    def _open(self, name: str) -> None:
        """Explain a flow; a second click closes it again."""
        self.book = FlowBook(self.book.flows, self.book.filter, "" if name == self.book.opened else name)
        self._account, self._suggestion = None, ""
        flow = self.book.open
        if flow is None:
            return
        world = self._world()
        told = self._account = account_of(flow, world)
        if told.mendable and told.source is not None and told.target is not None:
            found = smallest(world, told.source, told.target, int(flow["port"]), str(flow.get("protocol") or "TCP"))
            self._suggestion = yamltext.join([yamltext.write(policy) for policy in found])

    def _render_controls(self) -> None:
        self.panes["controls"].html = flowview.controls(self.book.filter, self.running)

    def _render(self) -> None:
        self._render_controls()
        self.panes["table"].html = flowview.table(self.book)
        self.panes["account"].html = flowview.account(self.book.open, self._account, self._suggestion)

    # Where no widget can be shown.

    def __repr__(self) -> str:
        from helpers.lab.cluster.looking import Flows

        return self._missing or repr(Flows(self.book.flows))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        found = self.widget._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, "text/plain": repr(self), "text/html": flowview.table(self.book)}, metadata


def flow_log() -> FlowLog:
    """The live flow log: filter it, group it, click a flow to have it explained; `stop()` ends it.

    A log that was opened before stops following. On a cluster that keeps no log it says so, and follows none.
    """
    from helpers.display.widgets.live import workbench
    from helpers.lab.cluster import looking

    for other in list(_running):
        other.stop()
    log = FlowLog(looking.flows, looking.world, lambda text: workbench(text).widget)
    return log.start() if log.look() else log
