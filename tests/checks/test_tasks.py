"""The tasks that are not about policies: the sandbox, the order, the arrow."""

from typing import Any

import pytest
from support.course import shop

from helpers.lab.course.checks import Answer, Situation, judge
from helpers.lab.errors import LabError


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


@pytest.mark.parametrize(
    ("objects", "mistake"),
    [
        ([], "nothing-yet"),
        ([namespace("default", team="blue")], "elsewhere"),
        ([namespace("sandbox")], "no-label"),
        ([namespace("sandbox", Team="blue")], "label-key"),
        ([namespace("sandbox", team="Blue")], "label-value"),
        ([namespace("sandbox", team="blue")], ""),
    ],
)
def test_sandbox(objects: list[dict[str, Any]], mistake: str) -> None:
    answer = judge("00-sandbox", Situation(tuple(objects)))
    assert (answer.mistake, answer.passed) == (mistake, not mistake)


@pytest.mark.parametrize(
    ("log", "mistake"),
    [
        ("", "nothing-yet"),
        ("order confirmation sent to=visitor@example.com order=1", "suggested-address"),
        ("order confirmation sent to=visitor@example.com\norder confirmation sent to=me@example.org", ""),
    ],
)
def test_order(log: str, mistake: str) -> None:
    answer = judge("01-order", Situation(tuple(shop()), log=lambda deployment: log))
    assert (answer.mistake, answer.passed) == (mistake, not mistake)


def test_order_needs_the_shop() -> None:
    assert judge("01-order", Situation(())).mistake == "no-shop"


@pytest.mark.parametrize(
    ("who", "whom", "port", "mistake"),
    [
        ("app=...", "app=...", 0, "nothing-yet"),
        ("loadgenerator", "app=frontend", 8080, "not-a-label"),
        ("app=loadgen", "app=frontend", 8080, "label-unknown"),
        ("app=frontend", "app=loadgenerator", 8080, "turned-round"),
        ("app=frontend", "app=adservice", 9555, "other-arrow"),
        ("app=loadgenerator", "app=frontend", 80, "service-port"),
        ("app=loadgenerator", "app=frontend", "8080", "port-text"),
        ("app=loadgenerator", "app=frontend", 9090, "port"),
        ("app=loadgenerator", "app = frontend", 8080, ""),
    ],
)
def test_arrow(who: str, whom: str, port: object, mistake: str) -> None:
    given = {"who calls": who, "who is called": whom, "port": port}
    answer = judge("02-arrow", Situation(tuple(shop()), given))
    assert (answer.mistake, answer.passed) == (mistake, not mistake)


def test_an_unknown_task_names_the_near_one() -> None:
    with pytest.raises(LabError, match="03-payment"):
        judge("03-payments", Situation(()))


def test_an_answer_shows_as_text_and_as_html() -> None:
    answer = Answer(False, "Try `kubectl get pods` & look", "m")
    assert repr(answer) == "[ .. ] Not quite. Try `kubectl get pods` & look"
    assert "<code>kubectl get pods</code> &amp; look" in answer._repr_html_()


def test_a_task_without_its_name_is_answered_with_the_list() -> None:
    with pytest.raises(LabError, match=r"^There is no task '05'\. The tasks are: 00-sandbox, .*, 11-own\.$"):
        judge("05", Situation(()))
