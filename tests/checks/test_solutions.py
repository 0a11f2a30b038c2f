"""Every task has a solution in its notebook, and the solution passes its check."""

from typing import Any

import pytest
import yaml
from support.course import shop
from support.situations import BEGINNINGS, applied

from helpers.lab.course.checks import TASKS, Situation, judge, solution
from helpers.lab.course.checks.solutions import Solution, solutions
from helpers.lab.errors import LabError


def test_every_task_has_one_solution_in_its_own_notebook() -> None:
    assert [found.task for found in solutions()] == list(TASKS)


@pytest.mark.parametrize("found", [found for found in solutions() if found.language == "yaml"], ids=lambda it: it.task)
def test_the_policies_of_a_solution_pass(found: Solution) -> None:
    before = BEGINNINGS.get(found.task, shop())
    assert not judge(found.task, Situation(tuple(before))).passed
    policies = applied(
        *(item for item in [*before, *yaml.safe_load_all(found.text)] if item and item["kind"] == "NetworkPolicy")
    )
    others = [item for item in before if item["kind"] != "NetworkPolicy"]
    assert judge(found.task, Situation((*others, *policies))).passed


def test_the_arrow_of_the_solution_passes() -> None:
    names: dict[str, Any] = {}
    exec(solution("02-arrow").text, names)
    assert judge("02-arrow", Situation(tuple(shop()), names["arrow"])).passed


def test_a_task_without_solution_is_said() -> None:
    with pytest.raises(LabError, match="99-none"):
        solution("99-none")
