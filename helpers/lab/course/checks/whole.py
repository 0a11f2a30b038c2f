"""Tasks about the application as a whole: every arrow that it needs, and nothing besides.

A check counts first; asked again about the same policies, it names the first mistake.
"""

from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.excess import admissions
from helpers.lab.course.checks.goals import Goal, bare, listed_names
from helpers.lab.course.checks.held import otherwise
from helpers.lab.course.checks.leaving import egress
from helpers.lab.course.checks.score import goals_of, inbound, scored
from helpers.lab.course.checks.securing import at_the_target, of_application, on_a_node
from helpers.lab.course.checks.situation import Object, Situation
from helpers.lab.course.checks.strangers import NEWCOMER
from helpers.policies import Pod, home
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Reach
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.wording import listed

AGAIN = "Run the check again, and it names one."


def collection(situation: Situation) -> Answer:
    """Notebook 05: ingress policies that allow each arrow of the shop and nothing else."""
    wrong = first((nothing_there(situation), *incoming(situation)))
    if wrong is None:
        wrong = otherwise(situation)
        return wrong if wrong is not None else done("Every arrow of the shop is allowed, and nothing else is.")
    score = scored(situation)
    if situation.again or score.exact or wrong.mistake in ("no-shop", "nothing-yet"):
        return wrong
    return hint("counted", f"{score} {AGAIN}")


def least(situation: Situation) -> Answer:
    """Notebook 09: least privilege at both ends, with DNS, for tomorrow's pods too."""
    missing = nothing_there(situation)
    if missing is not None:
        return missing
    ends = [*incoming(situation), *uncalled(situation), *outgoing(situation)]
    wrong = [end for end in ends if end is not None]
    if wrong and not situation.again:
        verb = "is" if len(wrong) == 1 else "are"
        return hint(
            "counted",
            f"{len(wrong)} of {len(ends)} ends {verb} wrong: each pod has one where it is called, and one where it "
            f"calls. {AGAIN}",
        )
    found = first((*wrong, newcomer(situation), inexact(situation)))
    if found is None:
        found = otherwise(situation)
    if found is not None:
        return found
    return done("Every pod may call what it needs, may be called by those who need it, and no more.")


def nothing_there(situation: Situation) -> Answer | None:
    """No shop, or no policy."""
    if not goals_of(situation):
        return hint("no-shop", "There is no shop in the cluster. `lab.deploy()` brings it.")
    if not situation.world.policies:
        return hint("nothing-yet", "There is no policy in the cluster so far.")
    return None


def incoming(situation: Situation) -> list[Answer | None]:
    """What is wrong with who may call, for each service that is called."""
    return [ingress(situation, goal) for goal in goals_of(situation)]


def ingress(situation: Situation, goal: Goal) -> Answer | None:
    """What is wrong with who may call one service, its egress left aside."""
    halves = inbound(situation)
    target = situation.world.pod(goal.target)
    if not halves.world.isolating(target, "ingress") and situation.world.isolating(target, "ingress"):
        return hint("no-rule", f"{goal.target} is closed to everyone: it is selected, and no policy lets anybody in.")
    wrong = at_the_target(halves, goal)
    if wrong is not None:
        mistake = "open" if wrong.mistake == "nothing-yet" else wrong.mistake
        return hint(mistake, f"Look at {goal.target}. {wrong.text}")
    if goal.exposed and not situation.world.judge(OUTSIDE, goal.target, goal.port, goal.protocol):
        return hint(
            "no-outside",
            f"Customers come from outside the cluster, and {goal.target} doesn't let them in. "
            "They have no labels: an `ipBlock` names them.",
        )
    return None


def workloads(situation: Situation) -> dict[str, Pod]:
    """The application's workloads by name, each with one of its pods."""
    return {bare(pod.workload): pod for pod in situation.world.pods if pod.namespace == home.namespace()}


def uncalled(situation: Situation) -> list[Answer | None]:
    """What is wrong with who may call those whom nobody needs to call."""
    called = {goal.target for goal in goals_of(situation)}
    return [closed(situation, name) for name in workloads(situation) if name not in called]


def closed(situation: Situation, name: str) -> Answer | None:
    """Whether anybody may call a workload that nobody needs to call."""
    found = next(admissions(situation.world, Goal(name, (), 1)), None)
    if found is None:
        return None
    letting = situation.world.isolating(situation.world.pod(name), "ingress")
    why = f"{listed_names(letting)} lets them" if len(letting) == 1 else "no policy selects it for ingress"
    return hint("ingress-open", f"Nobody needs to call {name}, and {found} may: {why}. A default deny closes it.")


def outgoing(situation: Situation) -> list[Answer | None]:
    """What is wrong with whom each workload may call."""
    return [egress(situation, name, pod) for name, pod in workloads(situation).items()]


def newcomer(situation: Situation) -> Answer | None:
    """Whether the pod that somebody deploys tomorrow is open."""
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "newcomer", "namespace": home.namespace(), "labels": dict(NEWCOMER)},
        "spec": {},
    }
    later = situation.with_objects([pod])
    looks = (closed(later, "newcomer"), egress(later, "newcomer", later.world.pod("newcomer")))
    if first(looks) is None:
        return None
    way = "ingress" if looks[0] is not None else "egress"
    return hint(
        "newcomer-open",
        f"All that runs today is closed, and what is deployed tomorrow is open for {way}. A default deny selects "
        "every pod, also those that nobody knows yet.",
    )


def inexact(situation: Situation) -> Answer | None:
    """What may be called and needn't, or must and can't: the whole application at once, as the matrix shows it."""
    reach = Reach.of(situation.world, needs(situation.world))
    broken = [call for call in reach.broken if of_application(call)]
    if broken:
        return hint("missing", f"The application needs {listed(map(str, broken), most=3)}, and policies deny that.")
    extra = (call for call in reach.calls - reach.stage.needed if of_application(call))
    besides = sorted(call for call in extra if not on_a_node(situation.world, call))
    if besides:
        return hint("besides", f"Policies allow {listed(map(str, besides), most=3)} as well, and nobody needs that.")
    return None
