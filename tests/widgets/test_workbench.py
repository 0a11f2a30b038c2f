"""The workbench's widgets, driven by the messages that a browser sends, with no browser."""

import html
import re
from pathlib import Path

import pytest
import yaml

from helpers.display.widgets import changesview, templates
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.review import review
from helpers.display.widgets.workbench import Workbench
from helpers.display.widgets.worker import Worker

from .scripted import ScriptedCluster

INGRESS = sorted((Path(__file__).parents[2] / "notebooks/policies/ingress").glob("*-allow-*.yaml"))


class Person:
    """Somebody at the browser: types, clicks, and looks once everything has been drawn."""

    def __init__(self, *policies, review=lambda proposal: []):
        self.worker = Worker("lab-widgets-test")
        self.cluster = ScriptedCluster(*policies)
        self.drawn = []
        self.bench = Workbench(Bench(self.cluster), draw=self._draw, review=review, worker=self.worker)

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

    def make(*policies, **more):
        made.append(Person(*policies, **more))
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
    assert "line 16" in one.sees("findings") and one.sees("graph").replace(" lab-faded", "") == before
    assert "First mend line 16 of shipping-allow-checkout" in one.sees("message")
    assert "disabled" in one.sees("cluster") and "lab-faded" in one.sees("graph") + one.sees("line")
    one.does("apply")
    assert "Nothing was applied" in one.sees("message") and one.cluster.calls == []


def test_apply_then_take_back(person):
    one = person().types(INGRESS[0].read_text()).does("apply")
    assert "Applied: create shipping-allow-checkout." in one.sees("message")
    assert "default/shipping-allow-checkout" in one.cluster.stored
    one.does("take-back")
    assert one.cluster.stored == {} and "Taken back" in one.sees("message")


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


CALL = ("default/frontend[Deployment]", "default/shippingservice[Deployment]", 50051, "TCP")


def test_a_call_is_explained_where_it_was_clicked(person):
    one = person().types(INGRESS[0].read_text())
    assert not one.shows("changes")
    one.does("unfold", pane="line").does("ask-here", *CALL, pane="changes")
    assert one.shows("changes") and "If applied:" in one.sees("changes") and "If applied:" not in one.sees("why")
    one.does("ask", *CALL, pane="matrix")
    assert "shipping-allow-checkout isolates" in one.sees("why") and "If applied:" not in one.sees("changes")
    one.does("question", "target", "default/emailservice[Deployment]", pane="why")
    assert one.bench.bench.question.port == 8080


def test_one_line_counts_what_would_change_and_the_list_has_all_of_it(person):
    one = person().does("choose", "template", "deny-ingress").does("add")
    found = one.bench.bench.proposal.change
    broken, closed = len(found.broken), len(found.closed) - len(found.broken)
    words = re.sub("<[^>]*>", "", one.sees("line"))
    assert f"0 work again · {broken} break · 0 opened · {closed} closed" in words
    shown = one.sees("changes")
    assert shown.count("− ") == closed > changesview.MOST_SHOWN
    assert f"and {closed - changesview.MOST_SHOWN} more" in shown


def test_what_others_do_to_the_cluster_is_said_and_stops_apply(person):
    one = person().types(INGRESS[0].read_text()).does("apply")
    one.cluster.change("", ["default/shipping-allow-checkout"])
    one.bench.notice()
    one.settled()
    assert "The cluster has changed: look again." in one.sees("line") + one.sees("changes")
    assert "exactly these" not in one.sees("line") + one.sees("changes") + repr(one.bench)
    one.does("undo").does("apply")
    assert "Nothing was applied. The cluster has changed" in one.sees("message")
    one.does("refresh")
    assert "changed" not in one.sees("line")


def test_what_was_changed_and_changed_back_is_no_change(person):
    one = person().types(INGRESS[0].read_text()).does("apply")
    (before,) = one.cluster.policies()
    for policy in ({**before, "spec": {"podSelector": {}}}, before):
        one.cluster.change(yaml.safe_dump(policy), [])
        one.bench.notice()
        one.settled()
    assert "The cluster has exactly these policies." in one.sees("line")


def test_deleting_the_last_policy_reads_well(person):
    one = person().types(INGRESS[0].read_text()).does("apply").does("remove", 1, pane="sheets")
    assert "No policy is left · " in one.sees("line")
    assert "will be deleted" in one.sees("sheets") and "every pod may reach every other then" in one.sees("sheets")


@pytest.mark.parametrize("template", templates.TEMPLATES, ids=lambda one: one.id)
def test_only_what_a_template_uses_is_asked(person, template):
    """Each choice that is offered changes the policy; those that would not are not offered."""
    one = person().does("choose", "template", template.id)
    others = {"target": "default/adservice", "other": "default/emailservice", "namespace": "kube-system"}
    made = one.does("add").bench.editor.text
    for name, other in others.items():
        again = person().does("choose", "template", template.id).does("choose", name, other)
        offered = f'"choose", "{name}"' in html.unescape(again.sees("toolbar"))
        assert offered == (again.does("add").bench.editor.text != made), name


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


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("app: frontent", "app: frontend"),
        ('app: "frontent"', "app: frontend"),
        ("ap: frontend", "app: frontend"),
        ("app: frontent # who calls", "app: frontend # who calls"),
    ],
)
def test_what_was_probably_meant_is_one_click_away(person, wrong, right):
    text = INGRESS[1].read_text()
    one = person(review=review).types(text.replace("app: frontend", wrong))
    (mark,) = [mark for mark in one.bench.editor.marks if mark["fix"]]
    assert mark["fix"]["name"] == "Write app: frontend" and "Write app: frontend" in one.sees("findings")
    one.does("fix", mark["fix"], pane="findings")
    assert one.bench.editor.text == text.replace("app: frontend", right)
    assert "Write" not in one.sees("findings")
    one.does("fix", mark["fix"], pane="findings")
    assert "nothing like that to mend" in one.sees("message")


def test_a_mended_label_stays_a_text(person):
    one = person(review=review)
    about = {"name": "odd", "namespace": "default", "labels": {"release": "false"}}
    one.cluster.others.append({"kind": "Pod", "metadata": about, "spec": {"containers": []}})
    one.does("refresh").types(INGRESS[1].read_text().replace("app: frontend", "release: fasle"))
    (fix,) = [mark["fix"] for mark in one.bench.editor.marks if mark["fix"]]
    one.does("fix", fix, pane="findings")
    assert "release: 'false'" in one.bench.editor.text and "lab-error" not in one.sees("findings")


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


def test_a_text_with_the_labs_pod_network_says_what_it_stands_for_here():
    one = Person()
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "far"}, "spec": {"podCIDR": "10.60.0.0/16"}}
    one.cluster.others.append(node)
    one.does("refresh", pane="cluster")
    one.does("import", INGRESS[-1].read_text())
    note = "Imported 1 policy. The pods' network is 10.60.0.0/16 here, as the nodes' podCIDRs say: it stands for 10.244"
    assert note in html.unescape(one.sees("message"))
    one.does("apply", pane="cluster")
    assert "Applied: create frontend-allow-outside" in one.sees("message")
    assert "The cluster has exactly these policies" in one.sees("line")
