"""The exam: natural wrong answers and cunning ones fail by their own hint; its clock ends with it."""

from typing import Any

import pytest
import yaml
from support.situations import BEGINNINGS, CLUSTER, Json, applied

from helpers.lab.course import exam
from helpers.lab.course.checks import Situation, judge, solution
from helpers.lab.course.checks.endings import ENDINGS, WORDS, let_in
from helpers.lab.errors import LabError


def answer(task: str, *more: Json) -> str:
    before = BEGINNINGS.get(task, CLUSTER)
    others = [item for item in before if item["kind"] != "NetworkPolicy"]
    policies = applied(*(item for item in before if item["kind"] == "NetworkPolicy"), *more)
    found = judge(task, Situation((*others, *policies), again=True))
    assert found.text.endswith((".", "?"))
    return found.mistake


def right(task: str, **spec: Any) -> Json:
    """The solution of a task, with parts of its `spec` changed."""
    policy: Json = yaml.safe_load(solution(task).text)
    return {**policy, "spec": {**policy["spec"], **spec}}


def app(name: str) -> Json:
    return {"podSelector": {"matchLabels": {"app": name}}}


TOOLS: Json = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tools"}}}
CATALOG: Json = {"to": [app("productcatalogservice")], "ports": [{"port": 3550}]}


def ingress(peers: list[Json], port: int = 0) -> list[Json]:
    return [{**({"from": peers} if peers else {}), **({"ports": [{"port": port}]} if port else {})}]


def egress(block: str, *ports: int) -> list[Json]:
    return [{"to": [{"ipBlock": {"cidr": block}}], **({"ports": [{"port": port} for port in ports]} if ports else {})}]


WRONG: list[tuple[str, Json, str]] = [
    ("1", {"ingress": ingress([app("frontend")], 7000)}, "caller-missing"),
    ("1", {"ingress": ingress([], 7000)}, "no-from"),
    ("1", {"ingress": ingress([{"podSelector": {}}], 7000)}, "from-everyone"),
    ("2", {"ingress": ingress([{"podSelector": {}}])}, "newcomer-open"),
    ("2", {"policyTypes": ["Egress"]}, "nothing-yet"),
    ("2", {"policyTypes": ["Ingress", "Egress"]}, "breaks"),
    ("3", {"ingress": ingress([{"namespaceSelector": {}}], 8080)}, "elsewhere"),
    ("3", {"ingress": ingress([TOOLS], 80)}, "nothing-yet"),
    ("3", {"ingress": ingress([TOOLS])}, "ports"),
    ("3", {"ingress": ingress([{**TOOLS, **app("tools")}], 8080)}, "nothing-yet"),
    ("4", {"egress": [CATALOG]}, "no-dns"),
    ("4", {"egress": [{}]}, "egress-outside"),
    ("4", {"podSelector": {}}, "breaks"),
    ("6", {"egress": egress("198.51.100.0/24", 443)}, "block"),
    ("6", {"egress": egress("198.51.100.0/26", 443)}, "nothing-yet"),
    ("6", {"podSelector": {}}, "everyone"),
    ("6", {"egress": egress("198.51.100.0/25")}, "besides"),
]


@pytest.mark.parametrize(("number", "wrong", "mistake"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(number: str, wrong: Json, mistake: str) -> None:
    task = f"07-exam-{number}"
    assert answer(task, right(task, **wrong)) == mistake


def test_the_clock_runs_from_the_beginning_to_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(exam.time, "time", lambda: now[0])
    monkeypatch.setattr(exam.changes, "reset", lambda *given, **named: None)
    exam.exam(2)
    now[0] += 61
    assert exam.time_taken("07-exam-2") == " You took 1:01 of 3:00."
    assert exam.time_taken("07-exam-2") == exam.time_taken("03-payment") == ""
    exam.exam("2")
    now[0] += 600
    assert exam.time_taken("07-exam-2").endswith("10:00 of 3:00: right, and too late.")
    with pytest.raises(LabError, match="no task 9"):
        exam.exam(9)


def test_the_seven_endings() -> None:
    names: dict[str, Any] = {}
    exec(solution("06-empty").text, names)
    predicted: dict[str, str] = names["predicted"]
    assert judge("06-empty", Situation((), predicted)).passed
    assert judge("06-empty", Situation((), dict.fromkeys(ENDINGS, "..."))).mistake == "nothing-yet"
    assert judge("06-empty", Situation((), {**predicted, "d": "all"})).mistake == "no-such-word"
    wrong = {**predicted, "c": "nobody", "d": "nobody"}
    assert judge("06-empty", Situation((), wrong)).text.startswith("2 of the 7 are wrong.")
    assert judge("06-empty", Situation((), wrong, again=True)).text.startswith("c: `ingress: [{}]` lets in everyone")
    assert {let_in(letter) for letter in ENDINGS} == set(WORDS)
