"""Is this service secured, and if not, what is the first mistake?

First whether a policy protects the service at all; then `refusals` (who should get in, and doesn't) and `excess` (who
gets in, and shouldn't); then whether something else that is needed broke, and whether the cluster does what it says.
"""

from __future__ import annotations

from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.excess import too_much
from helpers.lab.course.checks.goals import Goal, bare, isolating, listed_names, missed, turned_round
from helpers.lab.course.checks.refusals import refused, tomorrow
from helpers.lab.course.checks.situation import Situation
from helpers.policies import World, home
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Call, Reach
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.model.naming import is_system

LESSON = "shippingservice"
"""The service whose callers notebook 03 locks out, on purpose; it may stay so until notebook 05."""


def secured(situation: Situation, goal: Goal) -> Answer:
    """Whether exactly the goal's callers reach its target on its port; else a hint about the first mistake."""
    found = first(look(situation, goal) for look in (at_the_target, breaks, behaves_otherwise))
    return found if found is not None else done(f"`{goal.target}` accepts {goal.who} on port {goal.port}, nobody else.")


def at_the_target(situation: Situation, goal: Goal) -> Answer | None:
    """The first mistake in who may call the goal's target."""
    running = {bare(pod.workload) for pod in situation.world.pods}
    for name in (goal.target, *goal.callers):
        if bare(name) not in running:
            return hint("no-shop", f"There is no `{name}` in the cluster. `lab.deploy()` brings the shop.")
    looks = (not_selected, selects_too_much, refused, tomorrow, too_much)
    return first(look(situation, goal) for look in looks)


def not_selected(situation: Situation, goal: Goal) -> Answer | None:
    """No policy isolates the target: nothing there yet, or one that misses it."""
    if isolating(situation.world, goal):
        return None
    found = missed(situation.world, goal, situation.world.policies)
    if found is not None:
        return found
    return hint("nothing-yet", f"No policy selects `{goal.target}` so far, so it accepts everything.")


def selects_too_much(situation: Situation, goal: Goal) -> Answer | None:
    """A policy protects the target, and others that nobody asked it to."""
    target = situation.world.pod(goal.target)
    for policy in isolating(situation.world, goal):
        others = [pod for pod in situation.world.pods if policy.selects(pod) and pod.workload != target.workload]
        if others and policy.ingress:
            return hint(
                "selects-too-much",
                f"`{policy.name}` selects more than {goal.target}: "
                f"{bare(others[0].workload)}, for one, is isolated by it now too. "
                "An empty `podSelector` picks every pod of the namespace.",
            )
    return None


def breaks(situation: Situation, goal: Goal) -> Answer | None:
    """Something else that the application needs is denied."""
    for call in broken_calls(situation):
        if bare(call.target) not in (LESSON, goal.target):
            return broken(situation.world, goal, call)
    return None


def broken_calls(situation: Situation) -> list[Call]:
    """The calls that the application needs and that are denied."""
    return [call for call in Reach.of(situation.world, needs(situation.world)).broken if of_application(call)]


def broken(world: World, goal: Goal, call: Call) -> Answer:
    """Which policy denies a needed call, and whether it was meant the other way round."""
    deciding = [policy for policy in world.policies if policy.key in world.judge(*call).policies]
    said = f"The shop needs {call}, and {listed_names(deciding)} {'denies' if len(deciding) == 1 else 'deny'} it."
    if any(turned_round(world, goal, policy) for policy in deciding):
        return hint(
            "turned-round",
            f"{said} `podSelector` picks the pods to protect, `from` says who may call them: here it is the other "
            "way round.",
        )
    return hint("breaks", f"{said} Was that meant? `display.graph()` shows what else is blocked.")


def of_application(call: Call) -> bool:
    """Whether a call is between the application's own workloads, or comes in from outside."""
    ours = any(end.startswith(f"{home.namespace()}/") for end in call[:2])
    return ours and not any(is_system(end.partition("/")[0]) for end in call[:2]) and call.target != OUTSIDE


def on_a_node(world: World, call: Call) -> bool:
    """Whether an end has its node's network: policies don't select it, and a node always reaches its own pods."""
    return any(end in world.workloads and world.workloads[end].pods[0].host_network for end in call[:2])


def behaves_otherwise(situation: Situation, goal: Goal) -> Answer | None:
    """The policies are right: does the cluster do what they say? Tries each caller, and somebody else."""
    world = situation.world
    target = world.pod(goal.target)
    fronts = [
        f"{service.name}:{port.number}"
        for service in world.services
        if service.selects(target)
        for port in service.ports
        if (port.target, port.protocol) == (goal.port, goal.protocol)
    ]
    others = [
        bare(pod.workload)
        for pod in world.pods
        if pod.namespace == target.namespace and not world.judge(pod, target, goal.port, goal.protocol)
    ]
    for name, wanted in [*((caller, True) for caller in goal.callers), *((other, False) for other in others[:1])]:
        if fronts and situation.connects(name, fronts[0]) is (not wanted):
            return hint(
                "otherwise",
                f"Your policies are right, and yet {name} {'could not' if wanted else 'could'} "
                f"connect to {fronts[0]}. Does this cluster enforce policies? `lab.prove_enforcement()` tells.",
            )
    return None
