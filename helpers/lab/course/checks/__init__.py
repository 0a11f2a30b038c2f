"""The checks of the notebooks' "your turn": `check("03-payment")` looks at the cluster and answers with a hint.

`tasks` says what each asks for. `securing` judges one service by way of `refusals` and `excess`, `whole` all of them,
with `score` at the called ends and `leaving` at the calling ones; `strangers` invents callers, so that a set that opens
too much never passes. `answers` is what comes back; `solutions` reads the solutions from the notebooks. What was
tried and done is kept in LAB_HOME, across kernels.
"""

import json
from dataclasses import replace
from typing import Any

from helpers.lab.course import board, exam, record
from helpers.lab.course.checks.answers import Answer
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.solutions import solution
from helpers.lab.course.checks.tasks import TASKS
from helpers.lab.course.progress import Progress
from helpers.lab.errors import LabError, did_you_mean

__all__ = ["TASKS", "Answer", "Progress", "Situation", "check", "judge", "progress", "solution"]

_asked: dict[str, str] = {}
"""The policies about which a task was last asked, by task."""


def check(task: str, given: Any = None) -> Answer:
    """Look at the cluster, and say whether this task of the course is done; `given` is what the learner filled in.

    A wrong answer gets the one hint that its own mistake earns. Where a whole set of policies is judged, what is wrong
    is counted first, and named when the same is asked again. Raises LabError for a task that doesn't exist.
    """
    from helpers.lab.cluster import looking

    objects = tuple(looking.objects())
    policies = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    asked = json.dumps([policies, given], sort_keys=True, default=str)
    answer = judge(task, Situation(objects, given, log, connects, again=_asked.get(task) == asked))
    _asked[task] = asked
    if answer:
        answer = replace(answer, text=answer.text + exam.time_taken(task))
    record.note(task, passed=answer.passed, mistake=answer.mistake, said="" if answer else answer.text)
    board.tell()
    return answer


def progress() -> Progress:
    """What was tried and done of the course's tasks on this machine, in whatever kernel."""
    kept = record.attempts()
    return Progress({task: kept.get(task, record.Attempt()) for task in TASKS})


def judge(task: str, situation: Situation) -> Answer:
    """The answer to one task in one situation. Raises LabError for a task that doesn't exist."""
    if task not in TASKS:
        raise LabError(f"There is no task {task!r}.{did_you_mean(str(task), TASKS)} The tasks are: {', '.join(TASKS)}.")
    return TASKS[task](situation)


def connects(source: str, target: str) -> bool | None:
    """Whether a connection from a workload to "host:port" stands; None if it could not be tried."""
    from helpers.lab.cluster.probing import probe

    answer = probe(source, target, timeout=1.0)
    return None if answer.answer == "failed" else answer.allowed


def log(deployment: str) -> str:
    """What the pods of a Deployment in the course's namespace have written to their logs."""
    from helpers.lab.cluster import session

    cluster = session.current()
    found = cluster.get("deployments", deployment)
    labels = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"].get("matchLabels", {}).items())
    pods = cluster.list("pods", cluster.namespace, labels=labels)
    base = f"/api/v1/namespaces/{cluster.namespace}/pods"
    return "\n".join(cluster.text(f"{base}/{pod['metadata']['name']}/log") for pod in pods)
