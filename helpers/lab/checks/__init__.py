"""The checks of the notebooks' "your turn": `check("03-payment")` looks at the cluster and answers with a hint.

`tasks` says what each asks for; `goals` finds out what is wrong with a policy; `answers` is what comes back.
"""

from typing import Any

from helpers.lab.checks.answers import Answer
from helpers.lab.checks.situation import Situation
from helpers.lab.checks.tasks import TASKS
from helpers.lab.errors import LabError, did_you_mean

__all__ = ["TASKS", "Answer", "Situation", "check", "judge"]


def check(task: str, given: Any = None) -> Answer:
    """Look at the cluster, and say whether this task of the course is done; `given` is what the learner filled in.

    A wrong answer gets the one hint that its own mistake earns. Raises LabError for a task that doesn't exist.
    """
    from helpers.lab import looking

    return judge(task, Situation(tuple(looking.objects()), given, log))


def judge(task: str, situation: Situation) -> Answer:
    """The answer to one task in one situation. Raises LabError for a task that doesn't exist."""
    if task not in TASKS:
        raise LabError(f"There is no task {task!r}.{did_you_mean(task, TASKS)}")
    return TASKS[task](situation)


def log(deployment: str) -> str:
    """What the pods of a Deployment in the course's namespace have written to their logs."""
    from helpers.lab import session

    cluster = session.current()
    found = cluster.get("deployments", deployment)
    labels = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"].get("matchLabels", {}).items())
    pods = cluster.list("pods", cluster.namespace, labels=labels)
    base = f"/api/v1/namespaces/{cluster.namespace}/pods"
    return "\n".join(cluster.text(f"{base}/{pod['metadata']['name']}/log") for pod in pods)
