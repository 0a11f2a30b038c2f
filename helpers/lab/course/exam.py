"""The exam at the end of notebook 07: six tasks against the clock, each from a starting point of its own."""

import time
from dataclasses import dataclass

from helpers.lab.course import changes
from helpers.lab.errors import LabError
from helpers.lab.home import read_json, update_json

KEPT = "exam.json"
ARROWS = "policies/ingress/*-allow-*.yaml"


@dataclass(frozen=True)
class Sitting:
    """One task of the exam: minutes that it may take, the policies with which it begins, who is restarted before."""

    minutes: int
    policies: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


EXAM = {
    "1": Sitting(4),
    "2": Sitting(3, (ARROWS,)),
    "3": Sitting(5, ("policies/ingress",)),
    "4": Sitting(5, ("policies/ingress",)),
    "5": Sitting(6, ("policies/ingress", "policies/broken/12-productcatalog-allow-recommendation.yaml")),
    "6": Sitting(6, ("policies/ingress", "policies/egress")),
}


def exam(number: int | str) -> None:
    """Begin a task of the exam: brings its starting point, and starts its clock. Raises LabError for no such task."""
    sitting = EXAM.get(str(number))
    if sitting is None:
        raise LabError(f"The exam has no task {number!r}. They are {', '.join(EXAM)}: lab.exam(1) begins the first.")
    changes.reset(sitting.policies, restart=sitting.restart)
    began = time.time()
    update_json(KEPT, lambda kept: {**kept, str(number): began})
    print(f"Task {number} has begun. You have {sitting.minutes} minutes; the check stops the clock.")


def time_taken(task: str) -> str:
    """How long a task of the exam took, as a sentence; its clock stops. Empty for what isn't being timed."""
    number = task.removeprefix("07-exam-")
    began = read_json(KEPT).get(number) if number in EXAM else None
    if not isinstance(began, float | int):
        return ""
    update_json(KEPT, lambda kept: {key: value for key, value in kept.items() if key != number})
    seconds, allowed = max(0, round(time.time() - began)), EXAM[number].minutes
    late = ": right, and too late" if seconds > 60 * allowed else ""
    return f" You took {seconds // 60}:{seconds % 60:02} of {allowed}:00{late}."
