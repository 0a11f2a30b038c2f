"""A bar for work that takes longer than a glance: HTML in a notebook, one line in a terminal, lines elsewhere.

It uses no widget, so it also shows in an exported notebook and where widgets cannot.
"""

import contextvars
import html
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.lab.errors import Interrupted
from helpers.plain_text import steer

_WIDTH = 24


class Bar:
    """Progress of one piece of work: `done` of `total`, and a word on what it waits for.

    Use it as a context manager: an interrupt inside becomes `Interrupted` with a sentence, and the bar says so.
    """

    def __init__(self, title: str, total: int, *, unit: str = "") -> None:
        self.title, self.total, self.unit = title, max(total, 1), unit
        self.done = 0
        self.note = ""
        self.started = time.monotonic()
        self._view = _view()

    def update(self, done: int, note: str = "") -> None:
        """Show `done`; redraws only if something changed."""
        if (done, note) != (self.done, self.note) or not self._view.drawn:
            self.done, self.note = min(done, self.total), note
            self._view.draw(self, "running")

    @property
    def seconds(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self.started

    def sentence(self) -> str:
        """The bar in words."""
        unit = f" {self.unit}" if self.unit else ""
        note = f": {self.note}" if self.note else ""
        return f"{self.title}: {self.done} of {self.total}{unit}, {self.seconds:.1f} s{note}"

    def __enter__(self) -> "Bar":
        self._view.draw(self, "running")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self.done, self.note = self.total, ""
        elif issubclass(kind, KeyboardInterrupt):
            self.note = "interrupted"
        self._view.draw(self, "done" if kind is None else "stopped")
        self._view.close()
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            raise Interrupted(
                f"{self.title}: interrupted after {self.seconds:.0f} s. Nothing was undone; "
                "run the cell again to go on."
            ) from None


@contextmanager
def interruptible(what: str) -> Iterator[None]:
    """Turn an interrupt into a sentence for work without a bar."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"{what}: interrupted. Run the cell again to go on.") from None


@contextmanager
def counted(what: str, after: float = 0.4) -> Iterator[None]:
    """Count the seconds of a wait in a notebook's output, from `after` seconds on; the count is gone at its end."""
    if not in_notebook():
        yield
        return
    ended = threading.Event()
    # The output belongs to the cell that waits.
    context = contextvars.copy_context()
    counting = threading.Thread(target=context.run, args=(_count, what, ended, after), daemon=True)
    counting.start()
    try:
        yield
    finally:
        ended.set()
        counting.join()


def _count(what: str, ended: threading.Event, after: float) -> None:
    began = time.monotonic()
    if ended.wait(after):
        return
    from IPython.display import DisplayHandle

    handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]
    handle.display(_counted(what, began), raw=True)
    while not ended.wait(0.1):
        handle.update(_counted(what, began), raw=True)
    handle.update({"text/plain": "", "text/html": ""}, raw=True)


def _counted(what: str, began: float) -> dict[str, str]:
    words = f"{what} … {time.monotonic() - began:.1f} s"
    look = "font:13px system-ui,sans-serif;color:#5c4400;background:#fff3c4;border-radius:4px;padding:.1em .6em"
    return {"text/plain": words, "text/html": f'<span class="lab-waiting" style="{look}">{html.escape(words)}</span>'}


class _Lines:
    """Somewhere without a cursor, such as a log: say when it ends, nothing in between."""

    drawn = False

    def draw(self, bar: Bar, state: str) -> None:
        self.drawn = True
        if state != "running":
            print(bar.sentence(), file=sys.stderr)

    def close(self) -> None:
        pass


class _Terminal(_Lines):
    """One line, drawn over itself."""

    def draw(self, bar: Bar, state: str) -> None:
        self.drawn = True
        filled = round(_WIDTH * bar.done / bar.total)
        line = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {bar.sentence()}"
        steer(sys.stderr, "\r\x1b[K")
        print(line[:150], end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        print(file=sys.stderr)


class _Notebook(_Lines):
    """One output, updated in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def draw(self, bar: Bar, state: str) -> None:
        from IPython.display import DisplayHandle

        self.drawn = True
        bundle = {"text/plain": bar.sentence(), "text/html": _markup(bar, state)}
        if self._handle is None:
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)


def _markup(bar: Bar, state: str) -> str:
    mark = {"running": "", "done": "✓ ", "stopped": "■ "}[state]
    colour = {"running": "#1f6feb", "done": "#1a7f37", "stopped": "#b35900"}[state]
    words = html.escape(bar.sentence())
    return (
        f'<div class="lab-progress" data-state="{state}" style="font:13px system-ui,sans-serif">'
        f'<progress max="{bar.total}" value="{bar.done}" aria-label="{html.escape(bar.title, quote=True)}" '
        f'style="width:16em;vertical-align:middle;accent-color:{colour}"></progress> {mark}{words}</div>'
    )


def shell() -> Any:
    """The running IPython's shell, None outside of one; IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """True in a kernel that shows rich output."""
    return type(shell()).__name__ == "ZMQInteractiveShell"


def _view() -> _Lines:
    if in_notebook():
        return _Notebook()
    return _Terminal() if sys.stderr.isatty() else _Lines()
