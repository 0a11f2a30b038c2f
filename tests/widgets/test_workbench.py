"""The workbench's widgets, driven by the messages that a browser sends, with no browser."""

from pathlib import Path

import pytest

from helpers.display.widgets.bench import Bench
from helpers.display.widgets.workbench import Workbench
from helpers.display.widgets.worker import Worker

from .scripted import ScriptedCluster

INGRESS = sorted((Path(__file__).parents[2] / "notebooks/policies/ingress").glob("*-allow-*.yaml"))


class Person:
    """Somebody at the browser: types, clicks, and looks once everything has been drawn."""

    def __init__(self, *policies):
        self.worker = Worker("lab-widgets-test")
        self.cluster = ScriptedCluster(*policies)
        self.drawn = []
        self.bench = Workbench(Bench(self.cluster), draw=self._draw, worker=self.worker)

    def _draw(self, proposal):
        self.drawn.append(proposal)
        return f"<svg data-broken={len(proposal.broken)}></svg>"

    def types(self, text):
        shown = self.bench.editor.shown
        self.bench.editor._receive(None, {"type": "typed", **shown, "text": text}, [])
        return self.settled()

    def does(self, *action, pane="toolbar"):
        self.bench.panes[pane]._receive(None, {"type": "do", "does": list(action)}, [])
        return self.settled()

    def settled(self):
        assert self.worker.drain()
        return self

    def shows(self, frame):
        return "lab-hidden" not in self.bench._frames[frame]._dom_classes

    def sees(self, pane):
        return self.bench.panes[pane].html


@pytest.fixture
def person():
    made = []

    def make(*policies):
        made.append(Person(*policies))
        return made[-1]

    yield make
    for one in made:
        one.worker.close()


def test_typing_changes_every_view_and_nothing_in_the_cluster(person):
    one = person().types(INGRESS[0].read_text())
    assert "calls become denied (1 of them needed)" in one.sees("changes")
    assert "data-broken=1" in one.sees("graph")
    assert 'class="lab-cut lab-needed"' in one.sees("matrix")
    assert "Nothing to mend" in one.sees("findings")
    assert "shipping-allow-checkout" in one.sees("sheets") and "new" in one.sees("sheets")
    assert one.cluster.calls == []


def test_a_fault_is_underlined_where_it_is_and_the_picture_stays(person):
    one = person().types(INGRESS[0].read_text())
    before = one.sees("graph")
    one.types(INGRESS[0].read_text().replace("port: 50051", "port: 500510"))
    (mark,) = one.bench.editor.marks
    assert mark["line"] == 16 and mark["severity"] == "error" and "65535" in mark["message"]
    assert "line 16" in one.sees("findings") and one.sees("graph") == before
    one.does("apply")
    assert "Nothing was applied" in one.sees("message") and one.cluster.calls == []


def test_apply_then_take_back(person):
    one = person().types(INGRESS[0].read_text()).does("apply")
    assert "Applied: create shipping-allow-checkout." in one.sees("message")
    assert "default/shipping-allow-checkout" in one.cluster.policies
    one.does("take-back")
    assert one.cluster.policies == {} and "Taken back" in one.sees("message")


def test_form_edits_appear_in_the_editor_and_typing_in_the_form(person):
    one = person().does("add").does("face", "form", pane="faces")
    assert not one.shows("yaml")
    one.does("form", "peer", "ingress", 0, 0, "app=frontend", pane="form")
    assert "app: frontend" in one.bench.editor.text
    one.types(one.bench.editor.text.replace("app: frontend", "app: adservice"))
    assert 'value="app=adservice" selected' in one.sees("form")
    one.does("undo").does("undo")
    assert "app: checkoutservice" in one.bench.editor.text


def test_what_was_typed_on_a_text_that_is_gone_is_dropped(person):
    one = person().types(INGRESS[0].read_text())
    old = dict(one.bench.editor.shown)
    one.does("add")
    one.bench.editor._receive(None, {"type": "typed", **old, "text": "late"}, [])
    one.settled()
    assert [sheet.text for sheet in one.bench.bench.draft.sheets if sheet.text == "late"] == []


def test_fast_typing_is_never_taken_back_by_the_kernel(person):
    one = person()
    text = INGRESS[0].read_text()
    for end in range(len(text)):
        shown = one.bench.editor.shown
        one.bench.editor._receive(None, {"type": "typed", **shown, "text": text[: end + 1]}, [])
    one.settled()
    assert one.bench.editor.text == text and one.bench.editor.shown["revision"] == 0
    assert one.bench.bench.draft.open.text == text


def test_clicking_a_call_explains_it(person):
    one = person().types(INGRESS[0].read_text())
    one.does("ask", "default/frontend[Deployment]", "default/shippingservice[Deployment]", 50051, "TCP", pane="changes")
    assert one.shows("why")
    assert "If applied:" in one.sees("why") and "shipping-allow-checkout isolates" in one.sees("why")
    one.does("question", "target", "default/emailservice[Deployment]", pane="why")
    assert one.bench.bench.question.port == 8080


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (("undo",), "nothing to undo"),
        (("import", "  "), "no policy"),
        (("nonsense",), "cannot"),
        (("ask", "x", "y", 1, "TCP"), "no pod or workload"),
        (("form", "name"), "one policy at a time"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(person, action, said):
    one = person().does(*action)
    assert said in one.sees("message") and "lab-fault" in one.sees("message")


def test_a_cluster_that_fails_is_a_sentence_too(person):
    one = person().types(INGRESS[0].read_text())
    one.cluster.error = RuntimeError("The cluster cannot be reached.")
    one.does("apply")
    assert "cannot be reached" in one.sees("message")


def test_goto_shows_the_editor(person):
    one = person().does("face", "form").does("goto", 3)
    assert one.shows("yaml")


def test_without_widgets_there_is_text(person):
    one = person().types(INGRESS[0].read_text())
    data, _ = one.bench._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "would be denied:  frontend → shippingservice TCP 50051 (the application needs it)" in data["text/plain"]
    assert "name: shipping-allow-checkout" in data["text/plain"] and "<svg" in data["text/html"]


def test_names_from_the_cluster_cannot_become_markup(person):
    evil = "<img src=x onerror=alert(1)>"
    one = person()
    one.cluster.others.append(
        {
            "kind": "Pod",
            "metadata": {"name": evil, "labels": {"app": evil}},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1, "name": evil}]}]},
        }
    )
    one.does("refresh").types(f"# {evil}\n").does("ask", f"default/{evil}", "frontend", 1, "TCP")
    assert "<img" not in "".join(pane.html for pane in one.bench.panes.values())
