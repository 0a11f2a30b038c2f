"""Why somebody who should get in doesn't: which part of which policy is at fault?

"Would it pass if the ports were lifted?" means that the port is wrong; "if the callers were?", that the caller is.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from helpers.lab.course.checks.answers import Answer, first, hint
from helpers.lab.course.checks.excess import admitted
from helpers.lab.course.checks.goals import (
    Goal,
    isolating,
    listed_names,
    meant,
    missed,
    ports_of,
    service_ports,
    turned_round,
)
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import identity, invented
from helpers.policies import Policy, World, home
from helpers.policies.model.selectors import describe, holds


def refused(situation: Situation, goal: Goal) -> Answer | None:
    """A caller that should be let in isn't: which part of which policy is at fault?"""
    world = situation.world
    for caller in goal.callers:
        if world.judge(caller, goal.target, goal.port, goal.protocol):
            continue
        answers = (
            wrong_protocol(world, goal, caller),
            wrong_port(situation, goal, caller),
            wrong_caller(world, goal, caller),
        )
        return next(answer for answer in answers if answer is not None)
    return None


def what_if(world: World, goal: Goal, caller: str, change: Callable[[dict[str, Any]], None]) -> Policy | None:
    """The policy for the target that would let the caller in, were each of its rules changed by `change`."""
    for policy in isolating(world, goal):
        changed = deepcopy(dict(policy.source))
        for rule in changed["spec"].get("ingress") or []:
            change(rule)
        if world.replace_policies([changed]).judge(caller, goal.target, goal.port, goal.protocol):
            return policy
    return None


def lift_ports(rule: dict[str, Any]) -> None:
    rule.pop("ports", None)


def lift_callers(rule: dict[str, Any]) -> None:
    rule.pop("from", None)


def lift_namespaces(rule: dict[str, Any]) -> None:
    for peer in rule.get("from") or []:
        if "podSelector" in peer:
            peer.pop("namespaceSelector", None)


def wrong_protocol(world: World, goal: Goal, caller: str) -> Answer | None:
    def lift_protocol(rule: dict[str, Any]) -> None:
        for port in rule.get("ports") or []:
            port["protocol"] = goal.protocol

    policy = what_if(world, goal, caller, lift_protocol)
    if policy is None:
        return None
    also = ", which is also what is meant if you write none" if goal.protocol == "TCP" else ""
    return hint(
        "protocol",
        f"`{policy.name}` names the right port with another protocol. "
        f"{goal.target} is called over {goal.protocol}{also}.",
    )


def wrong_port(situation: Situation, goal: Goal, caller: str) -> Answer | None:
    policy = what_if(situation.world, goal, caller, lift_ports)
    if policy is None:
        return None
    if any(port.name for rule in policy.ingress or () for port in rule.ports):
        return hint(
            "port-name",
            f"`{policy.name}` names the port by a name that {goal.target}'s pod doesn't have. "
            "A number in quotes is a name too.",
        )
    named = set(ports_of(policy))
    if named & set(service_ports(situation, goal)):
        return hint(
            "service-port",
            f"The port in `{policy.name}` is the Service's. A policy is judged at the pod, "
            f"behind the Service, and the pod listens on {goal.port}.",
        )
    listed = ", ".join(map(str, sorted(named)))
    return hint(
        "port",
        f"`{policy.name}` lets {caller} in on port {listed}, and the pod doesn't listen there. "
        f"`kubectl get deployment {goal.target} -o yaml` shows its `containerPort`.",
    )


def wrong_caller(world: World, goal: Goal, caller: str) -> Answer:
    """No rule speaks of this caller."""
    if policy := what_if(world, goal, caller, lift_namespaces):
        return hint(
            "caller-namespace",
            f"`{policy.name}` admits {caller} from other namespaces only: its "
            f"`namespaceSelector` doesn't pick `{home.namespace()}`, where {caller} runs. Leave it out.",
        )
    if what_if(world, goal, caller, lift_callers) is None:
        return no_rule(world, goal, caller)
    alike = first(nobody_like_it(world, policy) for policy in isolating(world, goal))
    known = first((alike, missed(world, goal, theirs(world, goal, caller))))
    if known is not None:
        return known
    return hint(
        "caller-missing",
        f"{goal.target} doesn't admit {caller} yet. Admitted so far: {', '.join(admitted(world, goal)) or 'nobody'}.",
    )


def no_rule(world: World, goal: Goal, caller: str) -> Answer:
    """Policies isolate the target, and none has a rule for its port."""
    for policy in isolating(world, goal):
        if policy.egress and "policyTypes" not in policy.source["spec"]:
            return hint(
                "egress-section",
                f"`{policy.name}` has an `egress` section, which says whom {goal.target} may call; and as it names no "
                f"`policyTypes`, it closes {goal.target} for calls that come in too. Who may call is `ingress`.",
            )
    found = isolating(world, goal)
    return hint(
        "no-rule",
        f"{listed_names(found)} {'isolates' if len(found) == 1 else 'isolate'} {goal.target}, and no rule lets "
        f"{caller} in on port {goal.port}.",
    )


def theirs(world: World, goal: Goal, caller: str) -> list[Policy]:
    """The policies that miss the target, and were meant for it by their name, or were turned round."""
    missing = [policy for policy in world.policies if policy not in isolating(world, goal)]
    one = replace(goal, callers=(caller,))
    return [policy for policy in missing if meant(goal, policy) or turned_round(world, one, policy)]


def nobody_like_it(world: World, policy: Policy) -> Answer | None:
    """A selector under `from` that picks no pod at all."""
    for peer in (peer for rule in policy.ingress or () for peer in rule.peers if peer.block is None):
        if any(peer.pods.matches(pod.labels) for pod in world.pods):
            continue
        wanted = peer.pods.requirements
        if len(wanted) > 1 and all(any(holds(one, pod.labels) for pod in world.pods) for one in wanted):
            return hint(
                "both-labels",
                f"`{policy.name}` admits pods that are {' and '.join(map(describe, wanted))} at once, and no pod is. "
                "What stands in one selector is *and*; a dash of its own for each caller makes it *or*.",
            )
        return hint(
            "caller-unknown",
            f"`{policy.name}` admits pods with {peer.pods}, and there are none. "
            "Compare with `kubectl get pods --show-labels`, letter by letter.",
        )
    return None


def tomorrow(situation: Situation, goal: Goal) -> Answer | None:
    """A policy that holds until the next roll-out: by a label that changes with it."""
    world, target = situation.world, situation.world.pod(goal.target)
    for end, name in ((target, goal.target), *((world.pod(caller), caller) for caller in goal.callers)):
        later = invented(end.namespace, identity(end))
        one, other = (world.pod(goal.callers[0]), later) if end is target else (later, target)
        kept = world.isolating(later, "ingress") if end is target else True
        if goal.callers and not (kept and world.judge(one, other, goal.port, goal.protocol).ingress.allowed):
            return hint(
                "changing-label",
                f"This holds for the pod of {name} that runs now, and not for the next one: a label in a selector "
                "changes with each roll-out, as `pod-template-hash` does. Use `app` alone.",
            )
    return None
