"""Findings at the lines of the open sheet, and the part of a large cluster that is drawn."""

from pathlib import Path

import pytest

from helpers.display.widgets import live
from helpers.display.widgets.bench import Bench
from helpers.display.widgets.focus import MOST, focus
from helpers.display.widgets.review import NOWHERE, review
from helpers.policies.matrix.matrix import Matrix

from .scripted import ScriptedCluster

INGRESS = sorted((Path(__file__).parents[2] / "notebooks/policies/ingress").glob("*-allow-*.yaml"))


def bench(*texts: str, objects=None) -> Bench:
    one = Bench(ScriptedCluster(objects=objects))
    for text in texts:
        one.import_text(text)
    return one


def test_the_services_port_is_found_at_its_line():
    one = bench(INGRESS[3].read_text().replace("- port: 8080", "- port: 5000"))
    (mark,) = [mark for mark in review(one.proposal) if mark.span.line]
    assert mark.span.line == one.draft.open.text.split("\n").index("    - port: 5000") + 1
    assert "5000" in mark.message and "8080" in mark.message + mark.mend and mark.severity in ("error", "warning")


def test_a_finding_on_another_sheet_has_no_line_here():
    one = bench(INGRESS[3].read_text().replace("- port: 8080", "- port: 5000"), INGRESS[0].read_text())
    marks = review(one.proposal)
    about_the_other = [mark for mark in marks if "5000" in mark.message]
    assert about_the_other and all(mark.span == NOWHERE for mark in about_the_other)


def test_lines_are_those_of_the_second_document_too():
    one = bench()
    second = INGRESS[3].read_text().replace("- port: 8080", "- port: 5000")
    one.type(INGRESS[0].read_text() + "---\n" + second)
    found = [mark.span.line for mark in review(one.proposal) if mark.span.line and "5000" in mark.message]
    assert found == [one.draft.open.text.split("\n").index("    - port: 5000") + 1]


def test_a_call_that_the_sheet_cuts_is_told_at_its_rule():
    one = bench(INGRESS[0].read_text())
    (mark,) = [mark for mark in review(one.proposal) if mark.span.line]
    assert "frontend → shippingservice" in mark.message and "app=frontend" in mark.mend


def workload(number: int) -> dict:
    return {
        "kind": "Deployment",
        "metadata": {"name": f"s{number}"},
        "spec": {
            "template": {
                "metadata": {"labels": {"app": f"s{number}"}},
                "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
            }
        },
    }


def test_a_small_cluster_is_drawn_whole():
    assert focus(bench(INGRESS[0].read_text()).proposal) is None


def test_of_a_large_cluster_what_the_draft_is_about():
    one = bench(
        INGRESS[0].read_text().replace("shippingservice", "s7").replace("checkoutservice", "s9"),
        objects=[workload(number) for number in range(100)],
    )
    names = focus(one.proposal)
    assert "default/s7[Deployment]" in names and len(names) == MOST


@pytest.mark.parametrize("count", [MOST, MOST + 1, 200])
def test_a_cluster_of_any_size_is_drawn(count: int) -> None:
    one = bench(
        INGRESS[0].read_text().replace("shippingservice", "s7").replace("checkoutservice", "s9"),
        objects=[workload(number) for number in range(count)],
    )
    picture = live.draw(one.proposal).replace("&#45;", "-")
    assert picture.count('class="workload item') == min(count, MOST)
    assert "ingress isolated by shipping-allow-checkout" in picture
    assert len(one.proposal.change.closed) == count - 1
    assert f"{count - 1} calls become denied" in one.proposal.summary()


def test_a_large_cluster_with_nothing_to_say_is_drawn_as_little():
    assert focus(bench(objects=[workload(number) for number in range(100)]).proposal) == frozenset()


def test_the_graph_of_a_proposal_says_that_it_is_one():
    one = bench(INGRESS[0].read_text())
    assert "if this were applied" in live.draw(one.proposal)
    assert "if this were applied" not in live.draw(bench().proposal)


@pytest.mark.parametrize("size", [MOST + 1, 200])
def test_of_a_large_cluster_everything_is_shown_at_each_keystroke(size: int):
    one = bench(
        INGRESS[0].read_text().replace("shippingservice", "s7").replace("checkoutservice", "s9"),
        objects=[workload(number) for number in range(size)],
    )
    for text in (one.draft.open.text + " ", one.draft.open.text.replace("s9", "s11")):
        one.type(text)
        assert "if this were applied" in live.draw(one.proposal)
        assert one.proposal.summary() and isinstance(review(one.proposal), list)


def test_a_keystroke_makes_one_matrix(monkeypatch: pytest.MonkeyPatch):
    made: list[object] = []
    monkeypatch.setattr("helpers.policies.world.Matrix", lambda *parts: made.append(parts[1]) or Matrix(*parts))
    one = bench(INGRESS[0].read_text())
    for _ in range(3):
        one.type(one.draft.open.text.replace("checkoutservice", "checkoutservice2"))
        live.draw(one.proposal)
        review(one.proposal)
        assert one.proposal.summary()
        assert sum(policies is one.proposal.world.policies for policies in made) == 1
