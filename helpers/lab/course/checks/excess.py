"""Who gets in, and shouldn't: running pods, pods that may come, addresses out there, on any port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from helpers.lab.course.checks.answers import Answer, first, hint
from helpers.lab.course.checks.goals import Goal, bare, isolating, service_ports
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import Stranger, addresses, doors, strangers
from helpers.policies import Pod, Policy, World, home


class Admission(NamedTuple):
    """Somebody who is let in without need: `kind` is "running", "stranger", "outside" or "ports"."""

    kind: str
    who: Pod | Stranger | str
    port: int
    protocol: str

    def __str__(self) -> str:
        if self.kind == "outside":
            return f"the address {self.who}, outside of the cluster"
        if isinstance(self.who, Pod):
            name, place = bare(self.who.workload), self.who.namespace
            return name if place == home.namespace() else f"{place}/{name}"
        return str(self.who)


def admissions(world: World, goal: Goal) -> Iterator[Admission]:
    """Whom policies let in to the goal's target without need, those who run today first, then callers' other ports."""
    target, policies = world.pod(goal.target), isolating(world, goal)
    ports = doors(policies, "ingress", [target], (goal.protocol, goal.port))
    ports.sort(key=lambda door: door != (goal.protocol, goal.port))
    running = [pod for pod in world.pods if pod.workload_key != target.workload_key and not pod.host_network]
    callers: list[tuple[str, Pod | Stranger | str, Pod | str]] = [
        *(("running", pod, pod) for pod in running),
        *(("stranger", one, one.pod) for one in strangers(world, target.namespace, policies, "ingress")),
        *(("outside", address, address) for address in addresses(policies, "ingress")),
    ]
    welcome: list[tuple[Pod | Stranger | str, Pod | str]] = []
    for kind, who, end in callers:
        if goal.names(world, end) if isinstance(end, Pod) else goal.exposed:
            welcome.append((who, end))
            continue
        for protocol, port in ports:
            if world.judge(end, target, port, protocol).ingress.allowed:
                yield Admission(kind, who, port, protocol)
                break
    for who, end in welcome:
        for protocol, port in ports[1:]:
            if world.judge(end, target, port, protocol).ingress.allowed:
                yield Admission("ports", who, port, protocol)


def admitted(world: World, goal: Goal) -> list[str]:
    """The workloads that reach the target on its port, by a policy and not as themselves."""
    own = world.pod(goal.target).workload
    return sorted(
        {
            bare(pod.workload)
            for pod in world.pods
            if pod.workload != own and world.judge(pod, goal.target, goal.port, goal.protocol).ingress.allowed
        }
    )


def too_much(situation: Situation, goal: Goal) -> Answer | None:
    """Somebody gets in whom the goal doesn't name, or on a port that it doesn't name."""
    world = situation.world
    found = next(admissions(world, goal), None)
    if found is None:
        return None
    policy = next(one for one in isolating(world, goal) if lets(world, goal, one, found))
    if found.kind == "ports":
        return other_ports(situation, goal, policy, found)
    if found.kind == "outside" and all(rule.peers for rule in policy.ingress or ()):
        return hint(
            "outside",
            f"`{policy.name}` lets {found} into {goal.target}, and nobody out there needs to call it.",
        )
    return first((too_many(policy), others(world, goal, policy, found)))


def lets(world: World, goal: Goal, policy: Policy, found: Admission) -> bool:
    """Whether this policy alone would admit them."""
    end = found.who.pod if isinstance(found.who, Stranger) else found.who
    alone = world.with_policies([policy])
    return alone.judge(end, goal.target, found.port, found.protocol).ingress.allowed


def too_many(policy: Policy) -> Answer | None:
    """A rule or a peer that names nobody, and so means everybody."""
    rules = policy.ingress or ()
    if any(not rule.peers and rule.ports for rule in rules) and any(rule.peers and not rule.ports for rule in rules):
        return hint(
            "split-rule",
            f"`{policy.name}` has two rules where one is meant: a dash before `ports` begins another. The one allows "
            "these callers every port, the other allows everyone this port. Take that dash away.",
        )
    if any(not rule.peers for rule in rules):
        return hint(
            "no-from",
            f"`{policy.name}` has a rule that says nothing about who may call, and therefore "
            "admits everyone. Name the callers under `from`, in the same rule as the port.",
        )
    peers = [peer for rule in rules for peer in rule.peers if peer.block is None]
    if any(not peer.pods.requirements and peer.namespaces is None for peer in peers):
        return hint(
            "from-everyone",
            f"In `{policy.name}` an empty `podSelector` stands under `from`: it admits every pod of the namespace.",
        )
    return None


def others(world: World, goal: Goal, policy: Policy, found: Admission) -> Answer:
    """Somebody who isn't asked for, by name."""
    if found.kind == "running":
        names = [str(one) for one in admissions(world, goal) if one.kind == "running"]
        if all(one in admitted(world, goal) for one in names):
            return hint("admits-others", f"{', '.join(names[:3])} can reach {goal.target} too, and needn't.")
    if isinstance(found.who, Stranger) and found.who.own:
        return hint(
            "newcomer",
            f"`{policy.name}` lets more pods into {goal.target} than those that run now: {found} would get in as well.",
        )
    return hint(
        "elsewhere",
        f"`{policy.name}` lets callers of other namespaces into {goal.target}: {found} gets in. A `namespaceSelector` "
        "opens other namespaces, and a `podSelector` alone stays in its own.",
    )


def other_ports(situation: Situation, goal: Goal, policy: Policy, found: Admission) -> Answer:
    """The callers get in on ports where they have no business."""
    if any(not rule.ports for rule in policy.ingress or ()):
        return hint(
            "no-ports",
            f"`{policy.name}` has a rule without `ports`, which allows all of them. "
            f"Name the one that is needed, {goal.port}.",
        )
    if found.port in service_ports(situation, goal):
        return hint(
            "service-port-too",
            f"`{policy.name}` opens {found.port} beside {goal.port}. That is the Service's port, and nothing in the "
            f"pod listens there: {goal.port} is enough.",
        )
    return hint("other-ports", f"`{policy.name}` opens more than port {goal.port}: {found.protocol} {found.port} too.")
