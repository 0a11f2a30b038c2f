"""Is this service secured, and if not, what went wrong? Recognises mistakes by asking what-if, never by comparing text.

"Would it pass if the ports were lifted?" means that the port is wrong; "if the callers were lifted?" that the
caller is. So the judging engine decides here too, whatever way the learner's policy is written in.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from helpers.lab.course.checks.answers import Answer, done, hint
from helpers.lab.course.checks.situation import Object, Situation
from helpers.policies import Pod, Policy, World, home


@dataclass(frozen=True)
class Goal:
    """One service, the callers that may reach it, and its pod's port. Names are those of workloads."""

    target: str
    callers: tuple[str, ...]
    port: int
    protocol: str = "TCP"

    @property
    def who(self) -> str:
        return " and ".join(self.callers)


def secured(situation: Situation, goal: Goal) -> Answer:
    """Whether exactly the goal's callers reach its target on its port; else a hint about the first mistake."""
    running = {pod.workload.partition("/")[2] for pod in situation.world.pods}
    for name in (goal.target, *goal.callers):
        if name not in running:
            return hint("no-shop", f"There is no `{name}` in the cluster. `lab.deploy()` brings the shop.")
    for look in (not_selected, selects_too_much, refused, admits_others, admits_other_ports, behaves_otherwise):
        found = look(situation, goal)
        if found is not None:
            return found
    return done(f"`{goal.target}` accepts {goal.who} on port {goal.port}, and nobody else.")


def isolating(world: World, goal: Goal) -> tuple[Policy, ...]:
    return world.isolating(world.pod(goal.target), "ingress")


def not_selected(situation: Situation, goal: Goal) -> Answer | None:
    """No policy isolates the target: nothing there yet, or one that misses it."""
    world, target = situation.world, situation.world.pod(goal.target)
    if isolating(world, goal):
        return None
    for policy in world.policies:
        found = misses(situation, goal, policy, target)
        if found is not None:
            return found
    return hint("nothing-yet", f"No policy selects `{goal.target}` so far, so it accepts everything.")


def misses(situation: Situation, goal: Goal, policy: Policy, target: Pod) -> Answer | None:
    """How this policy misses the target, if it seems to have meant it."""
    if policy.selects(target):
        return hint(
            "only-egress",
            f"`{policy.name}` limits what {goal.target} may call, not who may call it. Incoming calls are `ingress`.",
        )
    if policy.namespace != target.namespace and policy.pods.matches(target.labels):
        return hint(
            "other-namespace",
            f"`{policy.name}` lies in the namespace `{policy.namespace}`, and a policy "
            f"selects pods of its own namespace alone. {goal.target} runs in `{target.namespace}`.",
        )
    if turned_round(situation.world, goal, policy):
        return hint(
            "turned-round",
            f"`{policy.name}` selects the caller, and names {goal.target} under `from`. It is "
            "the other way round: `podSelector` picks the pods to protect, `from` says who may call them.",
        )
    if policy.namespace == target.namespace and not any(policy.selects(pod) for pod in situation.world.pods):
        return hint(
            "selects-nothing",
            f"`{policy.name}` selects no pod: none carries {policy.pods}. "
            f"Try the selector: `kubectl get pods -l '{policy.pods}'`.",
        )
    return None


def turned_round(world: World, goal: Goal, policy: Policy) -> bool:
    """Whether the policy protects a caller and lets the target in."""
    alone = world.replace_policies([policy.source])
    return any(
        alone.pod(caller)
        and policy.selects(alone.pod(caller))
        and any(
            alone.judge(goal.target, caller, port).policies == (policy.key,)
            and alone.judge(goal.target, caller, port).allowed
            for port in (goal.port, *ports_of(policy))
        )
        for caller in goal.callers
    )


def ports_of(policy: Policy) -> Iterable[int]:
    return (port.first for rule in policy.ingress or () for port in rule.ports if not port.name)


def selects_too_much(situation: Situation, goal: Goal) -> Answer | None:
    """A policy protects the target, and others that nobody asked it to."""
    target = situation.world.pod(goal.target)
    for policy in isolating(situation.world, goal):
        others = [pod for pod in situation.world.pods if policy.selects(pod) and pod.workload != target.workload]
        if others:
            return hint(
                "selects-too-much",
                f"`{policy.name}` selects more than {goal.target}: "
                f"{others[0].workload.partition('/')[2]}, for one, is isolated by it now too. "
                "An empty `podSelector` picks every pod of the namespace.",
            )
    return None


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
    meant = ", which is also what is meant if you write none" if goal.protocol == "TCP" else ""
    return hint(
        "protocol",
        f"`{policy.name}` names the right port with another protocol. "
        f"{goal.target} is called over {goal.protocol}{meant}.",
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
        pod.workload.partition("/")[2]
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


def service_ports(situation: Situation, goal: Goal) -> list[int]:
    """The ports of the Services in front of the target that differ from the pod's."""
    target = situation.world.pod(goal.target)
    return [
        port.number
        for service in situation.world.services
        if service.selects(target)
        for port in service.ports
        if port.number != goal.port
    ]


def wrong_caller(world: World, goal: Goal, caller: str) -> Answer:
    """No rule speaks of this caller."""
    if policy := what_if(world, goal, caller, lift_namespaces):
        return hint(
            "caller-namespace",
            f"`{policy.name}` admits {caller} from other namespaces only: its "
            f"`namespaceSelector` doesn't pick `{home.namespace()}`, where {caller} runs. Leave it out.",
        )
    policy = what_if(world, goal, caller, lift_callers)
    if policy is None:
        names = " and ".join(f"`{policy.name}`" for policy in isolating(world, goal))
        return hint("no-rule", f"{names} isolates {goal.target}, and no rule lets {caller} in on port {goal.port}.")
    for policy in isolating(world, goal):
        if missing := unknown_peer(world, policy):
            return hint(
                "caller-unknown",
                f"`{policy.name}` admits pods with {missing}, and there are none. "
                "Compare with `kubectl get pods --show-labels`, letter by letter.",
            )
    return hint(
        "caller-missing",
        f"{goal.target} doesn't admit {caller} yet. Admitted so far: {', '.join(admitted(world, goal)) or 'nobody'}.",
    )


def unknown_peer(world: World, policy: Policy) -> str:
    """A selector under `from` that picks no pod at all."""
    for rule in policy.ingress or ():
        for peer in rule.peers:
            if peer.block is None and not any(peer.pods.matches(pod.labels) for pod in world.pods):
                return str(peer.pods)
    return ""


def admitted(world: World, goal: Goal) -> list[str]:
    """The workloads that reach the target on its port, by a policy and not as themselves."""
    own = world.pod(goal.target).workload
    return sorted(
        {
            pod.workload.partition("/")[2]
            for pod in world.pods
            if pod.workload != own and world.judge(pod, goal.target, goal.port, goal.protocol)
        }
    )


def admits_others(situation: Situation, goal: Goal) -> Answer | None:
    """Somebody gets in whom the goal doesn't name."""
    others = [name for name in admitted(situation.world, goal) if name not in goal.callers]
    if not others:
        return None
    for policy in isolating(situation.world, goal):
        if any(not rule.peers for rule in policy.ingress or ()):
            return hint(
                "no-from",
                f"`{policy.name}` has a rule that says nothing about who may call, and therefore "
                "admits everyone. Name the callers under `from`, in the same rule as the port.",
            )
        source: Object = policy.source
        if any(
            "podSelector" in peer and not peer["podSelector"]
            for rule in source["spec"].get("ingress") or []
            for peer in rule.get("from") or []
        ):
            return hint(
                "from-everyone",
                f"In `{policy.name}` an empty `podSelector` stands under `from`: it admits every pod of the namespace.",
            )
    return hint("admits-others", f"{', '.join(others[:3])} can reach {goal.target} too, and needn't.")


def admits_other_ports(situation: Situation, goal: Goal) -> Answer | None:
    """The callers get in on ports where they have no business."""
    world = situation.world
    for policy in isolating(world, goal):
        for rule in policy.ingress or ():
            if not rule.ports:
                return hint(
                    "no-ports",
                    f"`{policy.name}` has a rule without `ports`, which allows all of them. "
                    f"Name the one that is needed, {goal.port}.",
                )
            if any(
                not port.name and (port.protocol, port.first, port.last) != (goal.protocol, goal.port, goal.port)
                for port in rule.ports
            ):
                return hint("other-ports", f"`{policy.name}` opens more than port {goal.port}.")
    return None
