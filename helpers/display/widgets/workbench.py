"""The workbench as widgets: the editor and panes around a `Bench`, all of it driven from one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from helpers.display.widgets import changesview, formview, matrixview, views, yamltext
from helpers.display.widgets.bench import Bench, Refused
from helpers.display.widgets.editor import Editor
from helpers.display.widgets.pane import Pane, esc
from helpers.display.widgets.proposal import Proposal
from helpers.display.widgets.worker import SHARED, Worker
from helpers.display.widgets.yamltext import Mark
from helpers.policies import home

Draw = Callable[[Proposal], str]
Review = Callable[[Proposal], list[Mark]]
_PANES = (
    *("toolbar", "line", "message", "cluster", "changes"),
    *("sheets", "faces", "form", "findings"),
    *("views", "graph", "matrix", "why"),
)
_FIRST_CHOICES = {
    "template": "allow-one",
    "target": "shippingservice",
    "other": "checkoutservice",
}
"""Workloads of the course's namespace."""
_FRESH = "New connections are judged by it; restart a caller to end those that stand."


class Workbench:
    """Edit policies as YAML or in a form, see what would change, then apply; shows itself in a notebook.

    `draw` makes the graph of a proposal as SVG, `review` the linter's marks for the open sheet; `chosen` are the
    toolbar's first choices.
    """

    def __init__(
        self,
        bench: Bench,
        draw: Draw,
        review: Review = lambda proposal: [],
        worker: Worker = SHARED,
        chosen: Mapping[str, str] | None = None,
    ) -> None:
        self.bench, self._draw, self._review, self._worker = bench, draw, review, worker
        ends = {name: home.full(_FIRST_CHOICES[name]) for name in ("target", "other")}
        first = {**_FIRST_CHOICES, **ends, "namespace": home.namespace()}
        self._chosen = first | {name: value for name, value in (chosen or {}).items() if value}
        self._face, self._view, self._message, self._fault = "yaml", "graph", "", False
        self._unfolded, self._asked_above = False, False
        self.editor = Editor(words=bench.around.words)
        self.panes = {name: Pane() for name in _PANES}
        for pane in self.panes.values():
            pane.on_do(self._do)
        self.editor.on_typed(self._typed)
        # An anywidget's classes are fixed once it is shown; a box around it can be hidden and shown again.
        hidden = {"yaml": self.editor, **{name: self.panes[name] for name in ("form", "changes", *dict(views.VIEWS))}}
        self._frames = {name: ipywidgets.Box([widget]) for name, widget in hidden.items()}
        for name, frame in self._frames.items():
            frame.add_class("lab-frame")
            frame.add_class(f"lab-in-{name}")
        self.widget = self._laid_out()
        self._follow()
        self._render()

    def _laid_out(self) -> Any:
        """The toolbar, the bar with the line and *Apply*, what it unfolds, and below the editor beside the picture."""
        panes, frames = self.panes, self._frames
        written = _box("lab-stage", frames["yaml"], frames["form"])
        shown = _box("lab-stage", *(frames[name] for name, _ in views.VIEWS))
        left = _box("lab-column", panes["sheets"], panes["faces"], written, panes["findings"])
        right = _box("lab-column", panes["views"], shown, panes["why"])
        desk = _box("lab-desk", left, right)
        bar = _box("lab-bar", panes["line"], panes["cluster"])
        panes["message"].add_class("lab-notice")
        return _box("lab-room", _box("lab-workbench", panes["toolbar"], bar, panes["message"], frames["changes"], desk))

    # Callbacks come from whatever thread ipykernel likes; the worker does the rest.

    def _typed(self, text: str) -> None:
        revision = self.editor.shown["revision"]
        self._worker.submit(lambda: self._type(text, revision), failed=self._failed)

    def _type(self, text: str, revision: int) -> None:
        if self.editor.shown["revision"] == revision:
            self.bench.type(text)
            self._say("")
        self._render_soon()

    def notice(self) -> None:
        """Find out whether somebody else has changed the cluster's policies, and say so."""
        self._worker.submit(self._notice, key=(id(self), "notice"), failed=self._failed)

    def _notice(self) -> None:
        if self.bench.notice():
            self._render_soon()

    def _do(self, action: str, *arguments: Any) -> None:
        self._worker.submit(lambda: self._act(action, *arguments), failed=self._failed)

    def _failed(self, error: Exception) -> None:
        """Say what went wrong; the last resort for errors whose text is a sentence, and for those it isn't."""
        self._say(str(error) or type(error).__name__, fault=True)
        self._render_soon()

    def _act(self, action: str, *arguments: Any) -> None:
        self._say("")
        handler = getattr(self, "_on_" + action.replace("-", "_"), None)
        if handler is None:
            raise Refused(f"The workbench cannot {action!r}.")
        handler(*arguments)
        self._follow()
        self._render_soon()

    def _say(self, text: str, fault: bool = False) -> None:
        self._message, self._fault = text, fault

    # Actions.

    def _on_choose(self, name: str, value: str) -> None:
        self._chosen[name] = value

    def _on_add(self) -> None:
        chosen = self._chosen
        self.bench.add_template(chosen["template"], chosen["target"], chosen["other"], chosen["namespace"])

    def _on_open(self, sheet: int) -> None:
        self.bench.open(sheet)

    def _on_remove(self, sheet: int) -> None:
        self.bench.remove(sheet)

    def _on_undo(self) -> None:
        self.bench.undo()

    def _on_redo(self) -> None:
        self.bench.redo()

    def _on_reset(self) -> None:
        self.bench.reset()

    def _on_import(self, text: str) -> None:
        count = self.bench.import_text(text)
        self._say(f"Imported {count} {'policy' if count == 1 else 'policies'}.")

    def _on_export(self) -> None:
        self.panes["toolbar"].save("policies.yaml", self.bench.draft.text, "application/yaml")
        self._say("Saved as policies.yaml.")

    def _on_face(self, face: str) -> None:
        self._face = face

    def _on_view(self, view: str) -> None:
        self._view = view

    def _on_form(self, action: str, *arguments: Any) -> None:
        self.bench.edit_form(action, *arguments)

    def _on_goto(self, line: int) -> None:
        self._face = "yaml"
        self.editor.goto(line)

    def _on_fix(self, fix: dict[str, Any]) -> None:
        self.bench.fix(fix)

    def _on_ask(self, source: str, target: str, port: int, protocol: str) -> None:
        self.bench.ask(source, target, port, protocol)
        self._asked_above = False

    def _on_ask_here(self, source: str, target: str, port: int, protocol: str) -> None:
        self.bench.ask(source, target, port, protocol)
        self._asked_above = True

    def _on_unfold(self) -> None:
        self._unfolded = not self._unfolded
        self._asked_above = self._asked_above and self._unfolded

    def _on_question(self, part: str, value: str) -> None:
        """One of the question's three choices; a new target brings its own first port."""
        asked = {"source": self._chosen["other"], "target": self._chosen["target"], "port": ""}
        if before := self.bench.question:
            asked = {"source": before.source, "target": before.target, "port": f"{before.port}/{before.protocol}"}
        asked[part] = value
        if part == "target" or not asked["port"]:
            asked["port"] = next(
                (
                    f"{number}/{protocol}"
                    for one in self.bench.around.workloads
                    if asked["target"] in (one.key, f"{one.namespace}/{one.name}")
                    for _, number, protocol in one.ports
                ),
                "80/TCP",
            )
        number, _, protocol = asked["port"].partition("/")
        self.bench.ask(asked["source"], asked["target"], number, protocol)
        self._asked_above = False

    def _on_apply(self) -> None:
        self._say("Applying …")
        self._render_bar(busy=True)
        self._say(f"{self.bench.apply()} {_FRESH}")

    def _on_take_back(self) -> None:
        self._render_bar(busy=True)
        self._say(self.bench.take_back())

    def _on_refresh(self) -> None:
        self.bench.refresh()
        self.editor.words = self.bench.around.words
        self._say("The cluster was read anew.")

    # Showing.

    def _follow(self) -> None:
        """Show the open sheet in the editor; not done while typing, when the editor is ahead of the bench."""
        sheet = self.bench.draft.open
        self.editor.show(sheet.text if sheet else "", sheet.id if sheet else "")

    def _render_soon(self) -> None:
        self._worker.submit(self._render, key=(id(self), "render"), failed=self._failed_to_render)

    def _failed_to_render(self, error: Exception) -> None:
        self.panes["message"].html = views.message(f"The view could not be drawn: {error}", fault=True)

    def _render(self) -> None:
        """Bring every pane up to date; a pane whose HTML is the same is not sent."""
        bench = self.bench
        own, others = self.marks()
        # Everything is made before anything is sent: the thread that sends would otherwise wait for this one.
        faded = " lab-faded" if bench.fault else ""
        answer = changesview.answer(bench)
        pages = {
            "findings": views.findings(own, others),
            "graph": f'<div class="lab-graph{faded}" data-keep="graph">{self._draw(bench.proposal)}</div>',
            "matrix": f'<div class="{faded}">{matrixview.matrix_html(bench.proposal)}</div>',
            "changes": changesview.changes(bench, answer if self._asked_above else ""),
            "why": changesview.question(bench, "" if self._asked_above else answer),
            "sheets": views.sheets(bench),
            "form": formview.form_html(bench.formed, bench.around),
            "faces": views.faces(self._face),
            "views": views.view_tabs(self._view),
            "toolbar": views.toolbar(bench, self._chosen),
        }
        self.editor.mark([mark.as_dict() for mark in own])
        for name, page in pages.items():
            self.panes[name].html = page
        self._render_bar()
        for name, frame in self._frames.items():
            _show(frame, name in (self._face, self._view) or (name == "changes" and self._unfolded))

    def _render_bar(self, busy: bool = False) -> None:
        self.panes["line"].html = changesview.unfolder(self.bench, self._unfolded)
        self.panes["cluster"].html = views.cluster(self.bench, busy)
        notes = () if self._fault else self.bench.proposal.notes
        said = " ".join(filter(None, (self._message or self.bench.fault, *notes)))
        self.panes["message"].html = views.message(said, self._fault)

    def marks(self) -> tuple[list[Mark], list[Mark]]:
        """What to mend on the open sheet, and what concerns none of its lines."""
        sheet = self.bench.draft.open
        own = list(yamltext.read(sheet.text).marks) if sheet else []
        found = [] if own else self._review(self.bench.proposal)
        return own + [mark for mark in found if mark.span.line], [mark for mark in found if not mark.span.line]

    # Where no widget can be shown.

    def __repr__(self) -> str:
        return changesview.text(self.bench, self.marks()[0])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        found = self.widget._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        graph, changed = self.panes["graph"].html, self.panes["changes"].html
        page = f"{graph}{changed}<pre>{esc(self.bench.draft.text)}</pre>"
        return {**data, "text/plain": repr(self), "text/html": page}, metadata


def _show(frame: Any, shown: bool) -> None:
    if shown:
        frame.remove_class("lab-hidden")
    else:
        frame.add_class("lab-hidden")


def _box(name: str, *children: Any) -> Any:
    """Widgets in a box with a class."""
    box = ipywidgets.Box(children)
    box.add_class(name)
    return box
